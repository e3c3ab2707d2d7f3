// Holds who signs: the log under the name of each shard, and witnesses, whose signatures carry a time (C2SP tlog-cosignature).
package main

import (
	"crypto/ed25519"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"os"
	"strings"

	"golang.org/x/mod/sumdb/note"
	"golang.org/x/mod/sumdb/tlog"
)

// keys are the verifiers that were given.
type keys struct {
	// log is the origin of each shard, in the order of the file.
	log  []string
	list []note.Verifier
	// witness tells the names of witnesses from those of logs.
	witness map[string]bool
}

func lines(path string) ([]string, error) {
	text, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	return strings.Fields(string(text)), nil
}

func readKeys(vkey, witness string) (*keys, error) {
	k := &keys{witness: map[string]bool{}}
	given, err := lines(vkey)
	if err != nil {
		return nil, err
	}
	for _, line := range given {
		v, err := note.NewVerifier(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", vkey, err)
		}
		k.log = append(k.log, v.Name())
		k.list = append(k.list, v)
	}
	if witness == "" {
		return k, nil
	}
	given, err = lines(witness)
	if err != nil {
		return nil, err
	}
	for _, line := range given {
		v, err := newCosigner(line)
		if err != nil {
			return nil, fmt.Errorf("%s: %v", witness, err)
		}
		k.witness[v.Name()] = true
		k.list = append(k.list, v)
	}
	return k, nil
}

// openCheckpoint opens a signed note, which the log itself has to have signed under the name that it speaks of.
func (k *keys) openCheckpoint(text []byte) (shardReport, tlog.Tree, error) {
	n, err := note.Open(text, note.VerifierList(k.list...))
	if err != nil {
		return shardReport{}, tlog.Tree{}, err
	}
	parts := strings.Split(n.Text, "\n")
	if len(parts) != 4 || parts[3] != "" {
		return shardReport{}, tlog.Tree{}, fmt.Errorf("it has not three lines")
	}
	root, err := tlog.ParseHash(parts[2])
	if err != nil {
		return shardReport{}, tlog.Tree{}, err
	}
	var size int64
	if _, err := fmt.Sscanf(parts[1], "%d", &size); err != nil || fmt.Sprint(size) != parts[1] || size < 0 {
		return shardReport{}, tlog.Tree{}, fmt.Errorf("its size is no number")
	}
	s := shardReport{Origin: parts[0], Size: size, Root: root.String(), Witnesses: []string{}}
	signed := false
	for _, sig := range n.Sigs {
		if k.witness[sig.Name] {
			s.Witnesses = append(s.Witnesses, sig.Name)
		} else if sig.Name == s.Origin {
			signed = true
		}
	}
	if !signed {
		return shardReport{}, tlog.Tree{}, fmt.Errorf("%s did not sign it itself", s.Origin)
	}
	return s, tlog.Tree{N: size, Hash: root}, nil
}

// cosigner verifies a witness: a time, and Ed25519 over that time and the checkpoint.
type cosigner struct {
	name string
	hash uint32
	key  ed25519.PublicKey
}

const algCosignature = 4

func newCosigner(vkey string) (*cosigner, error) {
	parts := strings.SplitN(vkey, "+", 3)
	if len(parts) != 3 {
		return nil, fmt.Errorf("malformed verifier key")
	}
	id, err := hex.DecodeString(parts[1])
	if err != nil || len(id) != 4 {
		return nil, fmt.Errorf("malformed key id")
	}
	key, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil || len(key) != 1+ed25519.PublicKeySize || key[0] != algCosignature {
		return nil, fmt.Errorf("%s is no key of a witness (cosignature/v1)", parts[0])
	}
	return &cosigner{parts[0], binary.BigEndian.Uint32(id), ed25519.PublicKey(key[1:])}, nil
}

func (c *cosigner) Name() string    { return c.name }
func (c *cosigner) KeyHash() uint32 { return c.hash }
func (c *cosigner) Verify(msg, sig []byte) bool {
	if len(sig) != 8+ed25519.SignatureSize {
		return false
	}
	head := fmt.Sprintf("cosignature/v1\ntime %d\n", binary.BigEndian.Uint64(sig))
	return ed25519.Verify(c.key, append([]byte(head), msg...), sig[8:])
}
