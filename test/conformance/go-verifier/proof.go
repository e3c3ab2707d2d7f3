// Holds the check of one record under the checkpoint of its proof (C2SP tlog-proof): two files and a key are all it takes.
package main

import (
	"fmt"
	"os"
	"strconv"
	"strings"

	"golang.org/x/mod/sumdb/tlog"
)

func checkProof(r *report, k *keys, proofPath, recordPath string) error {
	text, err := os.ReadFile(proofPath)
	if err != nil {
		return err
	}
	entry, err := os.ReadFile(recordPath)
	if err != nil {
		return err
	}
	gap := strings.Index(string(text), "\n\n")
	if gap < 0 {
		return fmt.Errorf("%s is no proof", proofPath)
	}
	head := strings.Split(string(text[:gap]), "\n")
	if len(head) < 2 || head[0] != "c2sp.org/tlog-proof@v1" {
		return fmt.Errorf("%s is no proof", proofPath)
	}
	head = head[1:]
	if strings.HasPrefix(head[0], "extra ") {
		head = head[1:]
	}
	if len(head) == 0 || !strings.HasPrefix(head[0], "index ") {
		return fmt.Errorf("%s names no index", proofPath)
	}
	index, err := strconv.ParseInt(strings.TrimPrefix(head[0], "index "), 10, 64)
	if err != nil {
		return fmt.Errorf("%s names no index", proofPath)
	}
	var proof tlog.RecordProof
	for _, line := range head[1:] {
		hash, err := tlog.ParseHash(line)
		if err != nil {
			return fmt.Errorf("%s: %v", proofPath, err)
		}
		proof = append(proof, hash)
	}
	s, tree, err := k.openCheckpoint(text[gap+2:])
	if err != nil {
		r.add("checkpoint", "%v", err)
		return nil
	}
	r.Shards = append(r.Shards, s)
	r.Index = &index
	r.Records = 1
	if err := tlog.CheckRecord(proof, tree.N, tree.Hash, index, tlog.RecordHash(entry)); err != nil {
		r.add(fmt.Sprintf("record %d", index), "the proof does not lead from this entry to the signed root")
	}
	return nil
}
