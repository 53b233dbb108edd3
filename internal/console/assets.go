package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"mime"
	"net/http"
	"path"
	"strconv"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// assets are the files that the pages load. A name has the hash of what it is for, so a browser may keep it for ever.
type assets struct {
	names map[string]string // with the hash, by the file's own
	files map[string]asset  // by the name with the hash
}

type asset struct {
	contentType   string
	plain, zipped []byte
}

func loadAssets() (*assets, error) {
	entries, err := assetFiles.ReadDir("assets")
	if err != nil {
		return nil, fmt.Errorf("reading the console's files: %w", err)
	}
	a := &assets{names: map[string]string{}, files: map[string]asset{}}
	for _, entry := range entries {
		plain, err := assetFiles.ReadFile("assets/" + entry.Name())
		if err != nil {
			return nil, fmt.Errorf("reading the console's files: %w", err)
		}
		var zipped bytes.Buffer
		zip, err := gzip.NewWriterLevel(&zipped, gzip.BestCompression)
		if err == nil {
			_, err = zip.Write(plain)
		}
		if err == nil {
			err = zip.Close()
		}
		if err != nil {
			return nil, fmt.Errorf("compressing the console's files: %w", err)
		}
		ext := path.Ext(entry.Name())
		sum := sha256.Sum256(plain)
		name := strings.TrimSuffix(entry.Name(), ext) + "." + hex.EncodeToString(sum[:6]) + ext
		a.names[entry.Name()] = name
		a.files[name] = asset{contentType: mime.TypeByExtension(ext), plain: plain, zipped: zipped.Bytes()}
	}
	return a, nil
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
	if len(file.zipped) < len(file.plain) && strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		header.Set("Content-Encoding", "gzip")
		body = file.zipped
	}
	header.Set("Content-Length", strconv.Itoa(len(body)))
	_, _ = w.Write(body)
}
