package console

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http/httptest"
	"runtime"
	"testing"
)

// Compressing takes more of the processor than everything else that the console does at the start.
func TestFilesOfTheConsoleAreNotCompressedAtTheStart(t *testing.T) {
	const most = 256 << 10
	least := uint64(1 << 62)
	for range 5 { // something else may allocate meanwhile
		var before, after runtime.MemStats
		runtime.ReadMemStats(&before)
		if _, err := loadAssets(); err != nil {
			t.Fatal(err)
		}
		runtime.ReadMemStats(&after)
		least = min(least, after.TotalAlloc-before.TotalAlloc)
	}
	if least > most {
		t.Errorf("%d bytes were allocated, more than %d", least, most)
	}
}

func TestFileOfTheConsoleIsCompressedForABrowserThatTakesIt(t *testing.T) {
	a, err := loadAssets()
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range a.names {
		plain := a.files[name].plain
		for range 2 {
			r, w := httptest.NewRequest("GET", "/console/assets/"+name, nil), httptest.NewRecorder()
			r.SetPathValue("name", name)
			r.Header.Set("Accept-Encoding", "br, gzip")
			a.ServeHTTP(w, r)
			body := w.Body.Bytes()
			if len(plain) > 1000 && w.Header().Get("Content-Encoding") != "gzip" {
				t.Errorf("%s is not compressed", name)
			}
			if w.Header().Get("Content-Encoding") == "gzip" {
				zip, err := gzip.NewReader(w.Body)
				if err != nil {
					t.Fatal(err)
				}
				if body, err = io.ReadAll(zip); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(body, plain) {
				t.Errorf("%s is answered with something else", name)
			}
		}
	}
}
