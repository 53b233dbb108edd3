package pipeline_test

import (
	"fmt"
	"io"
	"net/http"
	"runtime/metrics"
	"strconv"
	"sync"
	"testing"
	"time"
)

// stream serves a long recording of two channels without having it in memory.
func stream(seconds int) http.HandlerFunc {
	second := recorded(1, voice, during(0.2, 0.8))
	copy(second[40:], "\xff\xff\xff\xff") // the length of the data: as much as comes
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(44+seconds*32000))
		_, _ = w.Write(second[:44])
		for range seconds {
			_, _ = w.Write(second[44:])
		}
	}
}

// heap is how many bytes of objects there are, those that nobody needs any more and that were not yet swept included.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}

// Five recordings at once are five files, not five times a recording in memory.
func TestRecordingsAreNeverInMemory(t *testing.T) {
	const minutes, recordings = 10, 5
	media := stream(minutes * 60)
	models := func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); err != nil || n < minutes*60*16000 {
			t.Errorf("%d bytes of a channel, %v", n, err)
		}
		_, _ = fmt.Fprint(w, `{"text":""}`)
	}
	db := onSQLite(t)
	idle := heap()
	stop, stopped := make(chan struct{}), make(chan uint64)
	go func() {
		most, tick := uint64(0), time.NewTicker(2*time.Millisecond)
		defer tick.Stop()
		for {
			select {
			case <-tick.C:
				most = max(most, heap())
			case <-stop:
				stopped <- most
				return
			}
		}
	}()
	var running sync.WaitGroup
	for range recordings {
		running.Go(func() {
			if _, err := (&fakeServers{media: media, models: models}).run(t, db, 2); err != nil {
				t.Error(err)
			}
		})
	}
	running.Wait()
	close(stop)
	if most := <-stopped; most > idle+32<<20 {
		t.Errorf("%d recordings of %d MB took %d MB of memory", recordings, minutes*60*32000>>20, (most-idle)>>20)
	} else {
		t.Logf("%d MB over idle", (int64(most)-int64(idle))>>20)
	}
}
