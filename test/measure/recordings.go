package measure

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"sync/atomic"
	"time"
)

// LongRecordings stands in for Twilio and for the speech-to-text: it serves recordings in which both sides speak half of the
// time, and hears nothing in them.
type LongRecordings struct {
	// Minutes is how long each is.
	Minutes int

	heard atomic.Int64 // bytes of samples
}

const (
	rate  = 8000 // samples a second
	frame = 4    // bytes: two channels of 16 bits
)

// Bytes is the size of one.
func (l *LongRecordings) Bytes() int64 { return int64(l.Minutes) * 60 * rate * frame }

// Heard is how much was heard so far: the time of each side of a recording counts by itself.
func (l *LongRecordings) Heard() time.Duration {
	return time.Duration(l.heard.Load()/(frame/2)) * (time.Second / rate)
}

// Handler serves all that is asked for. It counts the bytes of samples that it is sent.
func (l *LongRecordings) Handler() http.Handler {
	mux := http.NewServeMux()
	head, second := wav()
	mux.HandleFunc("GET /2010-04-01/", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", strconv.Itoa(len(head)+l.Minutes*60*len(second)))
		_, _ = w.Write(head)
		for range l.Minutes * 60 {
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
				l.heard.Add(n - int64(len(head)))
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
