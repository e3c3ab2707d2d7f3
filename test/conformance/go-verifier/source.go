// Holds where a log is read from: a folder, or an address that serves it.
package main

import (
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"time"

	"golang.org/x/mod/sumdb/tlog"
)

// source gives the files of a log by their path; os.ErrNotExist where there is none.
type source func(path string) ([]byte, error)

// remote says that each look costs a request, so that nobody tries names on the off chance.
func remote(from string) bool {
	return strings.HasPrefix(from, "http://") || strings.HasPrefix(from, "https://")
}

// fileMax bounds what is read of one file: a full bundle of the longest entries.
const fileMax = 256*(2+65535) + 1

func openSource(from string) source {
	if remote(from) {
		client := &http.Client{Timeout: 30 * time.Second}
		return func(path string) ([]byte, error) {
			answer, err := client.Get(strings.TrimSuffix(from, "/") + "/" + path)
			if err != nil {
				return nil, err
			}
			defer answer.Body.Close()
			if answer.StatusCode == http.StatusNotFound {
				return nil, os.ErrNotExist
			}
			if answer.StatusCode != http.StatusOK {
				return nil, fmt.Errorf("%s answers %s", path, answer.Status)
			}
			return io.ReadAll(io.LimitReader(answer.Body, fileMax))
		}
	}
	return func(path string) ([]byte, error) { return os.ReadFile(filepath.Join(from, filepath.FromSlash(path))) }
}

// below is the same source seen from a folder of it.
func (s source) below(prefix string) source {
	if prefix == "" {
		return s
	}
	return func(path string) ([]byte, error) { return s(prefix + "/" + path) }
}

// tilePath is the name of a tile as C2SP tlog-tiles spells it: Go's own without the height, and `entries` for data.
func tilePath(t tlog.Tile) string {
	rest := strings.TrimPrefix(t.Path(), "tile/8/")
	return "tile/" + strings.Replace(rest, "data/", "entries/", 1)
}

// tile reads a tile; a partial one that is gone is the beginning of the full one that replaced it.
func (s source) tile(t tlog.Tile) ([]byte, error) {
	data, err := s(tilePath(t))
	if err == nil || !os.IsNotExist(err) || t.W == 256 {
		return data, err
	}
	full := t
	full.W = 256
	return s(tilePath(full))
}

// ReadTiles and the rest make a source a tlog.TileReader of one shard.
type tileReader struct{ source }

func (r tileReader) Height() int { return 8 }

func (r tileReader) ReadTiles(tiles []tlog.Tile) ([][]byte, error) {
	data := make([][]byte, len(tiles))
	for i, t := range tiles {
		read, err := r.tile(t)
		if err != nil {
			return nil, err
		}
		if len(read) < t.W*tlog.HashSize {
			return nil, fmt.Errorf("%s is too short", tilePath(t))
		}
		data[i] = read[:t.W*tlog.HashSize]
	}
	return data, nil
}

func (r tileReader) SaveTiles([]tlog.Tile, [][]byte) {}
