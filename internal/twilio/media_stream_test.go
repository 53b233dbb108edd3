package twilio_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/i-agent/iagent/internal/twilio"
)

// recordedBytes is a file in which every byte says where it is.
func recordedBytes(n int) []byte {
	b := slices.Clone(riff)
	for i := len(b); i < n; i++ {
		b = append(b, byte(i*7))
	}
	return b
}

func TestRecordingIsReadFromAnyPlace(t *testing.T) {
	file := recordedBytes(100_000)
	asked := 0
	for name, serve := range map[string]http.HandlerFunc{
		"ranges": func(w http.ResponseWriter, r *http.Request) {
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
		},
		"the whole file only": func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write(file) },
		"connections that break": func(w http.ResponseWriter, r *http.Request) {
			if asked++; asked%3 != 0 {
				w = &brokenAnswer{ResponseWriter: w, left: 3000}
			}
			http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
		},
	} {
		s := newMediaServer(t, serve)
		for _, at := range []int64{0, 1, 4096, 99_999} {
			stream, err := newClient(t, s.URL).OpenRecording(t.Context(), s.URL+recordingPath, 2, int64(len(file)), at)
			if err != nil {
				t.Fatalf("%s from %d: %v", name, at, err)
			}
			got, err := io.ReadAll(stream)
			if err != nil || !bytes.Equal(got, file[at:]) || stream.Size() != int64(len(file)) || stream.Format() != twilio.WAV {
				t.Errorf("%s from %d: %d bytes of %d, %v", name, at, len(got), stream.Size(), err)
			}
			if _, err := stream.Seek(50_000, io.SeekStart); err != nil {
				t.Error(err)
			}
			part := make([]byte, 100)
			if _, err := io.ReadFull(stream, part); err != nil || !bytes.Equal(part, file[50_000:50_100]) {
				t.Errorf("%s, back to the middle: %v", name, err)
			}
			_, _ = stream.Close(), stream.Close()
		}
	}
}

// brokenAnswer breaks the connection after so many bytes.
type brokenAnswer struct {
	http.ResponseWriter
	left int
}

func (b *brokenAnswer) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		_ = http.NewResponseController(b.ResponseWriter).Flush()
		panic(http.ErrAbortHandler)
	}
	return b.ResponseWriter.Write(p)
}

func (b *brokenAnswer) Unwrap() http.ResponseWriter { return b.ResponseWriter }

func TestRecordingIsAskedForOnceWhenItIsReadFromWhereItWasOpened(t *testing.T) {
	file := recordedBytes(1000)
	s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	})
	stream, err := newClient(t, s.URL).OpenRecording(t.Context(), s.URL+recordingPath, 2, 0, 300)
	if err != nil {
		t.Fatal(err)
	}
	defer stream.Close()
	for _, whence := range []int{io.SeekEnd, io.SeekStart} { // as http.ServeContent does
		if _, err := stream.Seek(map[int]int64{io.SeekStart: 300}[whence], whence); err != nil {
			t.Fatal(err)
		}
	}
	if got, err := io.ReadAll(stream); err != nil || !bytes.Equal(got, file[300:]) || len(s.asked) != 1 {
		t.Errorf("%d bytes, %v, asked %q", len(got), err, s.asked)
	}
}

func TestRecordingThatCannotBePlayedIsAnError(t *testing.T) {
	status := 0
	s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) {
		if status == http.StatusOK {
			_ = http.NewResponseController(w).Flush() // of unknown length
			return
		}
		w.WriteHeader(status)
	})
	client := newClient(t, s.URL)
	for _, status = range []int{200, 403, 404, 500, 503} {
		_, err := client.OpenRecording(t.Context(), s.URL+recordingPath, 2, 0, 0)
		var refused *twilio.Error
		if errors.As(err, &refused) != (status != 200) || status != 200 && refused.Status != status || err == nil {
			t.Errorf("%d: %v", status, err)
		}
	}
	if _, err := client.OpenRecording(t.Context(), "https://evil.example/2010-04-01/Accounts/AC1/Recordings/RE1", 2, 0, 0); !errors.Is(err, twilio.ErrForeignMedia) {
		t.Error(err)
	}
}

func TestPlaceBehindTheEndOfARecordingIsNoError(t *testing.T) {
	file := recordedBytes(1000)
	s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(file))
	})
	stream, err := newClient(t, s.URL).OpenRecording(t.Context(), s.URL+recordingPath, 2, 0, 5000)
	if err != nil || stream.Size() != 1000 {
		t.Fatal(err)
	}
	if _, err := stream.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Error(err)
	}
}
