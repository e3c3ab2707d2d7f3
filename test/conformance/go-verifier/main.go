// Holds a verifier of Bailiwick's record that shares no code with Bailiwick: everything is checked by golang.org/x/mod/sumdb,
// which Go's own checksum database stands on.
//
// Without a network, from Debian's packages (apt-get install golang-go golang-golang-x-mod-dev):
//
//	GO111MODULE=off GOPATH=/usr/share/gocode go build -o verifier .
//	./verifier -vkey log.vkey FOLDER|ADDRESS                  the whole log: every entry, every tile, every root
//	./verifier -vkey log.vkey -old CHECKPOINT FOLDER|ADDRESS  and that it only grew since that checkpoint
//	./verifier -vkey log.vkey -hashes FOLDER|ADDRESS          the same from the hashes alone, without reading an entry
//	./verifier -vkey log.vkey -proof FILE -record FILE        one record under the checkpoint of its proof
//
// It prints one line of JSON and exits with 1 where anything deviates, with 2 where it could not look.
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
)

// problem is one deviation with its place.
type problem struct {
	Place string `json:"place"`
	What  string `json:"what"`
}

// shardReport is one tree under its signed checkpoint.
type shardReport struct {
	Origin string `json:"origin"`
	Size   int64  `json:"size"`
	Root   string `json:"root"`
	// Witnesses are the names of those of -witness who signed a checkpoint of it that it continues.
	Witnesses []string `json:"witnesses"`
	// Witnessed is the size of the checkpoint that they signed.
	Witnessed int64 `json:"witnessed"`
}

// report is what is printed.
type report struct {
	OK     bool          `json:"ok"`
	Shards []shardReport `json:"shards"`
	// Records is how many entries were read and hashed.
	Records int64 `json:"records"`
	// Index of the record that was proven, within its shard; only with -proof.
	Index *int64 `json:"index,omitempty"`
	// Consistent is set with -old alone.
	Consistent *bool     `json:"consistent,omitempty"`
	Problems   []problem `json:"problems"`
	// More counts the problems beyond those listed.
	More int `json:"more"`
}

const problemsMax = 100

func (r *report) add(place, format string, args ...interface{}) {
	if len(r.Problems) == problemsMax {
		r.More++
		return
	}
	r.Problems = append(r.Problems, problem{place, fmt.Sprintf(format, args...)})
}

func fatal(err error) {
	fmt.Fprintln(os.Stderr, "verifier:", err)
	os.Exit(2)
}

func main() {
	vkey := flag.String("vkey", "", "file with the log's verifier keys, one a line, got from somewhere else than the log")
	witness := flag.String("witness", "", "file with verifier keys of witnesses, one a line")
	old := flag.String("old", "", "a checkpoint that was kept: the log has to be a continuation of it")
	hashes := flag.Bool("hashes", false, "verify tiles and roots alone, without reading entries")
	proof := flag.String("proof", "", "a .tlog-proof file")
	record := flag.String("record", "", "the entry that the proof is about")
	flag.Parse()
	if *vkey == "" || (*proof == "") != (flag.NArg() == 1) || (*proof == "") != (*record == "") {
		flag.Usage()
		os.Exit(2)
	}
	keys, err := readKeys(*vkey, *witness)
	if err != nil {
		fatal(err)
	}
	r := &report{Shards: []shardReport{}, Problems: []problem{}}
	if *proof != "" {
		err = checkProof(r, keys, *proof, *record)
	} else {
		err = checkLog(r, keys, flag.Arg(0), *old, *hashes)
	}
	if err != nil {
		fatal(err)
	}
	r.OK = len(r.Problems) == 0
	var line bytes.Buffer
	encoder := json.NewEncoder(&line)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(r); err != nil {
		fatal(err)
	}
	os.Stdout.Write(line.Bytes())
	if !r.OK {
		os.Exit(1)
	}
}
