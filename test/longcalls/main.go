// Command longcalls measures the memory that long recordings take: a process of its own transcribes several at once, as
// transcribe-recording does, and says how much more memory it held at its peak than before.
//
//	go run ./test/longcalls
//	go run ./test/longcalls -recordings 5 -minutes 60 -limit 200
//
// The recordings and the speech-to-text are this process's. Memory is that of the operating system's account (VmHWM), so
// it is measured on Linux only. Exit status 1 says that it was over the limit.
package main

import (
	"bytes"
	"context"
	"encoding/binary"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"strconv"
	"strings"
	"sync/atomic"
	"time"
)

func main() {
	var (
		recordings = flag.Int("recordings", 5, "how many are transcribed at once")
		minutes    = flag.Int("minutes", 60, "how long each is")
		limit      = flag.Int("limit", 200, "MB over idle that are too many")
	)
	flag.Parse()
	run := func() error { return measure(*recordings, *minutes, *limit) }
	if address := os.Getenv(serverVariable); address != "" {
		run = func() error { return transcribe(context.Background(), address, *recordings) }
	}
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "longcalls:", err)
		os.Exit(1)
	}
}

// serverVariable tells the measured process where Twilio and the models are.
const serverVariable = "LONGCALLS_SERVER"

// measure runs the measured process and prints what it found.
func measure(recordings, minutes, limit int) error {
	var heard atomic.Int64
	server := httptest.NewServer(standIns(minutes, &heard))
	defer server.Close()
	program, err := os.Executable()
	if err != nil {
		return err
	}
	cmd := exec.Command(program, os.Args[1:]...)
	cmd.Env, cmd.Stderr = append(os.Environ(), serverVariable+"="+server.URL), os.Stderr
	began := time.Now()
	out, err := cmd.Output()
	if err != nil {
		return fmt.Errorf("the measured process: %w", err)
	}
	var memory figures
	if err := json.Unmarshal(out, &memory); err != nil {
		return fmt.Errorf("the measured process said %q: %w", out, err)
	}
	fmt.Printf("%d recordings of %d minutes at once, %d MB: %d MB over idle (%d, then %d), %d minutes heard, in %s\n",
		recordings, minutes, recordings*minutes*60*frame*rate>>20, memory.Peak-memory.Idle, memory.Idle, memory.Peak,
		heard.Load()/rate/2/60, time.Since(began).Round(time.Second))
	switch sent := int64(recordings) * 2 * int64(minutes) * 60 * rate * 2; {
	case heard.Load() != sent:
		return fmt.Errorf("%d bytes of samples were heard, there are %d", heard.Load(), sent)
	case memory.Peak-memory.Idle > limit:
		return fmt.Errorf("the limit is %d MB", limit)
	}
	return nil
}

// figures are in MB.
type figures struct{ Idle, Peak int }

const (
	rate  = 8000 // samples a second
	frame = 4    // bytes: two channels of 16 bits
)

// standIns serves recordings in which both sides speak half of the time, and hears nothing in them. It counts the bytes of
// samples that it is sent.
func standIns(minutes int, heard *atomic.Int64) http.Handler {
	mux := http.NewServeMux()
	head, second := wav()
	mux.HandleFunc("GET /2010-04-01/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(head)+minutes*60*len(second)))
		_, _ = w.Write(head)
		for range minutes * 60 {
			if _, err := w.Write(second); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("POST /v1/audio/transcriptions", func(w http.ResponseWriter, r *http.Request) {
		form, err := r.MultipartReader()
		for err == nil {
			part, next := form.NextPart()
			if err = next; err == nil && part.FormName() == "file" {
				n, _ := io.Copy(io.Discard, part)
				heard.Add(n - int64(len(head)))
			}
		}
		if !errors.Is(err, io.EOF) {
			http.Error(w, err.Error(), http.StatusBadRequest)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, `{"text":""}`)
	})
	return mux
}

// wav is the head of an endless recording, and one second of it.
func wav() (head, second []byte) {
	le := binary.LittleEndian
	head = append(head, "RIFF\xff\xff\xff\xffWAVEfmt \x10\x00\x00\x00\x01\x00\x02\x00"...)
	head = le.AppendUint32(le.AppendUint32(head, rate), rate*frame)
	head = append(head, "\x04\x00\x10\x00data\xff\xff\xff\xff"...)
	var b bytes.Buffer
	for i := range rate {
		v := uint16(int16(6000 * math.Sin(float64(i)/5)))
		if i > rate/2 {
			v = 0
		}
		_ = binary.Write(&b, le, []uint16{v, v}) // a buffer takes everything
	}
	return head, b.Bytes()
}

// memory reads the process's own account, in MB.
func memory(name string) (int, error) {
	status, err := os.ReadFile("/proc/self/status")
	if err != nil {
		return 0, fmt.Errorf("measuring memory: %w", err)
	}
	for line := range strings.Lines(string(status)) {
		if value, ok := strings.CutPrefix(line, name+":"); ok {
			kb, err := strconv.Atoi(strings.Fields(value)[0])
			return kb >> 10, err
		}
	}
	return 0, fmt.Errorf("measuring memory: there is no %s", name)
}
