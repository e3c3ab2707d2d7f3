// Holds the check of a whole log: entries to leaves, leaves to tiles, tiles to the signed root, in memory that does not grow.
package main

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

// checkLog checks every shard that the keys name, the oldest first.
func checkLog(r *report, k *keys, address, oldPath string, hashesOnly bool) error {
	from := openSource(address)
	var old *tlog.Tree
	var oldOrigin string
	if oldPath != "" {
		text, err := os.ReadFile(oldPath)
		if err != nil {
			return err
		}
		s, tree, err := k.openCheckpoint(text)
		if err != nil {
			return fmt.Errorf("%s: %v", oldPath, err)
		}
		old, oldOrigin = &tree, s.Origin
	}
	seq := sequences{}
	for _, origin := range k.log {
		// The first key is the log's own; each shard's name is that with a half-year behind it.
		prefix := strings.TrimPrefix(strings.TrimPrefix(origin, k.log[0]), "/")
		shard := from.below(prefix)
		text, err := shard("checkpoint")
		if os.IsNotExist(err) && prefix == "" && len(k.log) > 1 {
			// A log that began with half-years has none of its own name.
			continue
		}
		place := strings.TrimPrefix(prefix+"/", "/")
		if err != nil {
			r.add(place+"checkpoint", "cannot be read: %v", err)
			continue
		}
		s, tree, err := k.openCheckpoint(text)
		if err == nil && s.Origin != origin {
			err = fmt.Errorf("it is of the log %s", s.Origin)
		}
		if err != nil {
			r.add(place+"checkpoint", "%v", err)
			continue
		}
		checkWitnessed(r, k, shard, place, &s, tree)
		r.Shards = append(r.Shards, s)
		c := &treeCheck{r: r, from: shard, place: place, tree: tree, seq: seq, local: !remote(address)}
		c.run(hashesOnly)
		if old != nil && oldOrigin == origin {
			consistent := checkConsistency(r, shard, place, *old, tree)
			r.Consistent = &consistent
		}
	}
	if old != nil && r.Consistent == nil {
		consistent := false
		r.Consistent = &consistent
		r.add("checkpoint", "there is no shard %s any more", oldOrigin)
	}
	if len(r.Shards) == 0 && len(r.Problems) == 0 {
		r.add("checkpoint", "there is no log")
	}
	return nil
}

// checkWitnessed opens the newest checkpoint that witnesses have cosigned, which the log has to continue, and says who they are.
func checkWitnessed(r *report, k *keys, from source, place string, s *shardReport, tree tlog.Tree) {
	if len(k.witness) == 0 {
		return
	}
	text, err := from("checkpoint.witnessed")
	if os.IsNotExist(err) {
		return
	}
	place += "checkpoint.witnessed"
	if err != nil {
		r.add(place, "cannot be read: %v", err)
		return
	}
	seen, before, err := k.openCheckpoint(text)
	if err == nil && seen.Origin != s.Origin {
		err = fmt.Errorf("it is of the log %s", seen.Origin)
	}
	if err != nil {
		r.add(place, "%v", err)
		return
	}
	if checkConsistency(r, from, strings.TrimSuffix(place, "checkpoint.witnessed"), before, tree) {
		s.Witnesses, s.Witnessed = seen.Witnesses, seen.Size
	}
}

// checkConsistency proves that the newer tree begins with the older one.
func checkConsistency(r *report, from source, place string, old, tree tlog.Tree) bool {
	if old.N > tree.N {
		r.add(place+"checkpoint", "rolled back: it has %d records, %d were seen before", tree.N, old.N)
		return false
	}
	if old.N == tree.N || old.N == 0 {
		if old.N == 0 || old.Hash == tree.Hash {
			return true
		}
		r.add(place+"checkpoint", "forked: another root at size %d than was seen before", old.N)
		return false
	}
	proof, err := tlog.ProveTree(tree.N, old.N, tlog.TileHashReader(tree, tileReader{from}))
	if err != nil {
		r.add(place+"checkpoint", "cannot be proven a continuation: %v", err)
		return false
	}
	if err := tlog.CheckTree(proof, tree.N, tree.Hash, old.N, old.Hash); err != nil {
		r.add(place+"checkpoint", "forked: it does not continue the tree of %d records seen before", old.N)
		return false
	}
	return true
}

// treeCheck checks one shard.
type treeCheck struct {
	r     *report
	from  source
	place string
	tree  tlog.Tree
	seq   sequences
	local bool
	// newest is the last complete subtree at each level: all that tlog needs to go on.
	newest map[int64]tlog.Hash
	// tiles are the tiles that are filling, by level of tiles.
	tiles []tileBuffer
}

type tileBuffer struct {
	n    int64
	data []byte
}

// read answers tlog's questions for the subtrees to the left.
func (c *treeCheck) read(indexes []int64) ([]tlog.Hash, error) {
	hashes := make([]tlog.Hash, len(indexes))
	for i, index := range indexes {
		hash, ok := c.newest[index]
		if !ok {
			return nil, fmt.Errorf("hash %d is not at hand", index)
		}
		hashes[i] = hash
	}
	return hashes, nil
}

func (c *treeCheck) run(hashesOnly bool) {
	c.newest = map[int64]tlog.Hash{}
	for n := int64(0); n*256 < c.tree.N; n++ {
		width := 256
		if rest := c.tree.N - n*256; rest < 256 {
			width = int(rest)
		}
		leaf := tlog.Tile{H: 8, L: 0, N: n, W: width}
		tile, err := c.from.tile(leaf)
		if err != nil || len(tile)%tlog.HashSize != 0 || len(tile) < width*tlog.HashSize {
			c.r.add(c.place+tilePath(leaf), "does not hold %d hashes (%v)", width, err)
			tile = nil
		}
		c.older(leaf, tile, tlog.HashSize)
		if !hashesOnly {
			tile = c.entries(n, width, tile)
		}
		for i := 0; i < width && tile != nil; i++ {
			var hash tlog.Hash
			copy(hash[:], tile[i*tlog.HashSize:])
			c.push(n*256+int64(i), hash)
		}
		if tile == nil {
			c.r.add(c.place+"checkpoint", "the root cannot be computed: hashes are missing")
			return
		}
	}
	for level, t := range c.tiles {
		if len(t.data) > 0 && level > 0 {
			c.compare(level, t)
		}
	}
	root, err := tlog.TreeHash(c.tree.N, tlog.HashReaderFunc(c.read))
	if err != nil || root != c.tree.Hash {
		c.r.add(c.place+"checkpoint", "the entries do not lead to the signed root")
	}
}

// entries reads a bundle and holds each entry against its hash. It gives the hashes to go on from: those of the tile, and
// those of the entries where there is no tile.
func (c *treeCheck) entries(n int64, width int, tile []byte) []byte {
	t := tlog.Tile{H: 8, L: -1, N: n, W: width}
	data, err := c.from.tile(t)
	if err != nil {
		c.r.add(c.place+tilePath(t), "cannot be read: %v", err)
		return tile
	}
	c.older(t, data, 0)
	var all [][]byte
	for rest := data; len(rest) > 0; {
		if len(rest) < 2 || len(rest) < 2+int(binary.BigEndian.Uint16(rest)) {
			c.r.add(c.place+tilePath(t), "entry %d is cut short", len(all))
			return tile
		}
		end := 2 + int(binary.BigEndian.Uint16(rest))
		all = append(all, rest[2:end])
		rest = rest[end:]
	}
	if len(all) != width && len(all) != 256 {
		c.r.add(c.place+tilePath(t), "holds %d entries, not %d", len(all), width)
	}
	var own []byte
	for i := 0; i < width && i < len(all); i++ {
		hash := tlog.RecordHash(all[i])
		own = append(own, hash[:]...)
		place := fmt.Sprintf("%srecord %d", c.place, n*256+int64(i))
		if at := i * tlog.HashSize; tile != nil && !bytes.Equal(hash[:], tile[at:at+tlog.HashSize]) {
			c.r.add(place, "the entry does not have the hash in its tile")
		}
		c.seq.check(c.r, place, all[i])
		c.r.Records++
	}
	if tile == nil && len(all) >= width {
		return own
	}
	return tile
}

// push adds a leaf; tlog says which subtrees it completes.
func (c *treeCheck) push(n int64, leaf tlog.Hash) {
	stored, err := tlog.StoredHashesForRecordHash(n, leaf, tlog.HashReaderFunc(c.read))
	if err != nil {
		c.r.add(c.place+"checkpoint", "the tree cannot be built: %v", err)
		return
	}
	for level, hash := range stored {
		at := n >> uint(level)
		if at > 0 {
			delete(c.newest, tlog.StoredHashIndex(level, at-1))
		}
		c.newest[tlog.StoredHashIndex(level, at)] = hash
		if level%8 != 0 {
			continue
		}
		for len(c.tiles) <= level/8 {
			c.tiles = append(c.tiles, tileBuffer{})
		}
		t := &c.tiles[level/8]
		t.data = append(t.data, hash[:]...)
		if len(t.data) == 256*tlog.HashSize {
			if level > 0 {
				c.compare(level/8, *t)
			}
			*t = tileBuffer{n: t.n + 1}
		}
	}
}

func (c *treeCheck) compare(level int, t tileBuffer) {
	tile := tlog.Tile{H: 8, L: level, N: t.n, W: len(t.data) / tlog.HashSize}
	data, err := c.from.tile(tile)
	if err != nil {
		c.r.add(c.place+tilePath(tile), "cannot be read: %v", err)
	} else if len(data) < len(t.data) || len(data)%tlog.HashSize != 0 || !bytes.Equal(data[:len(t.data)], t.data) {
		c.r.add(c.place+tilePath(tile), "is not the tile above those below it")
	} else {
		c.older(tile, data, tlog.HashSize)
	}
}

// older looks at the smaller forms of a tile that grows: checkpoints of before lead to them, so they have to be its beginning.
func (c *treeCheck) older(t tlog.Tile, data []byte, each int) {
	if t.W == 256 || data == nil || !c.local {
		return
	}
	for w := 1; w < t.W; w++ {
		small := t
		small.W = w
		read, err := c.from(tilePath(small))
		if os.IsNotExist(err) {
			continue
		}
		if err != nil || len(read) == 0 || !bytes.HasPrefix(data, read) || (each > 0 && len(read) != w*each) {
			c.r.add(c.place+tilePath(small), "is not the beginning of the tile that followed it")
		}
	}
}

// sequences are the numbers that each start of a gateway has reached: they go up by one, so what is left out shows.
type sequences map[string]int64

func (s sequences) check(r *report, place string, entry []byte) {
	var record struct {
		Gateway string `json:"gateway"`
		Boot    string `json:"boot"`
		Iseq    int64  `json:"iseq"`
	}
	if err := json.Unmarshal(entry, &record); err != nil || record.Iseq < 1 {
		r.add(place, "is no record")
		return
	}
	who := record.Boot + " " + record.Gateway
	if record.Iseq != s[who]+1 {
		r.add(place, "number %d of gateway %s comes after number %d", record.Iseq, record.Gateway, s[who])
	}
	if record.Iseq > s[who] {
		s[who] = record.Iseq
	}
}
