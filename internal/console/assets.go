package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
	"sync"
)

//go:embed assets
var assetFiles embed.FS

// assets are the files that the pages load. A name has the hash of what it is for, so a browser may keep it for ever.
type assets struct {
	names map[string]string // with the hash, by the file's own
	files map[string]asset  // by the name with the hash
}

type asset struct {
	contentType string
	plain       []byte
	zipped      func() ([]byte, error) // compressed when a browser first asks for it
}

// loadAssets reads the files. All style sheets are one, in the order of their names.
func loadAssets() (*assets, error) {
	var files []string
	err := fs.WalkDir(assetFiles, "assets", func(file string, entry fs.DirEntry, err error) error {
		if err == nil && !entry.IsDir() {
			files = append(files, file)
		}
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("reading the console's files: %w", err)
	}
	a := &assets{names: map[string]string{}, files: map[string]asset{}}
	var sheets []byte
	for _, file := range files {
		plain, err := assetFiles.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("reading the console's files: %w", err)
		}
		if path.Ext(file) == ".css" {
			sheets = append(sheets, plain...)
			continue
		}
		a.add(path.Base(file), plain)
	}
	a.add("console.css", sheets)
	return a, nil
}

// add gives a file its name.
func (a *assets) add(file string, plain []byte) {
	ext := path.Ext(file)
	sum := sha256.Sum256(plain)
	name := strings.TrimSuffix(file, ext) + "." + hex.EncodeToString(sum[:6]) + ext
	a.names[file] = name
	a.files[name] = asset{
		contentType: mime.TypeByExtension(ext), plain: plain,
		zipped: sync.OnceValues(func() ([]byte, error) { return compress(plain) }),
	}
}

func compress(plain []byte) ([]byte, error) {
	var zipped bytes.Buffer
	zip, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
	if err == nil {
		_, err = zip.Write(plain)
	}
	if err == nil {
		err = zip.Close()
	}
	return zipped.Bytes(), err
}

// hashed is the name under which a file is served. A page that names a file that is not there is a fault of ours.
func (a *assets) hashed(name string) string {
	hashed, ok := a.names[name]
	if !ok {
		panic("no such file of the console: " + name)
	}
	return hashed
}

// ServeHTTP answers with the file {name}.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	file, ok := a.files[r.PathValue("name")]
	if !ok {
		http.NotFound(w, r)
		return
	}
	header := w.Header()
	header.Set("Content-Type", file.contentType)
	header.Set("Cache-Control", "public, max-age=31536000, immutable")
	header.Set("Vary", "Accept-Encoding")
	body := file.plain
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		if zipped, err := file.zipped(); err == nil && len(zipped) < len(body) {
			header.Set("Content-Encoding", "gzip")
			body = zipped
		}
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
