package twilio_test

import (
	"encoding/binary"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/twilio"
)

const recordingPath = "/2010-04-01/Accounts/" + account + "/Recordings/RE1"

var riff = []byte("RIFF\x00\x00\x00\x00WAVE")

// mediaServer serves a recording the way Twilio does and notes what was asked.
type mediaServer struct {
	*httptest.Server
	asked []string
}

func newMediaServer(t *testing.T, handler http.HandlerFunc) *mediaServer {
	s := &mediaServer{}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.asked = append(s.asked, r.URL.RequestURI())
		if user, password, _ := r.BasicAuth(); user != account || password != token {
			t.Errorf("%s came without credentials", r.URL)
		}
		handler(w, r)
	}))
	t.Cleanup(s.Close)
	return s
}

// newFile is where a download goes to.
func newFile(t *testing.T) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "recording"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return f
}

func TestDualRecordingIsFetchedAsWAV(t *testing.T) {
	for _, channels := range []int{0, 2} {
		s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(riff) })
		media, err := newClient(t, s.URL).DownloadRecording(t.Context(), s.URL+recordingPath+".mp3", channels, newFile(t))
		if err != nil || media.Format != twilio.WAV {
			t.Errorf("%d channels: %v %v", channels, media.Format, err)
		}
		if want := []string{recordingPath + ".wav?RequestedChannels=2"}; !slices.Equal(s.asked, want) {
			t.Errorf("%d channels: asked for %q", channels, s.asked)
		}
	}
}

func TestRefusedSecondChannelFallsBackToMono(t *testing.T) {
	s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Query().Get("RequestedChannels") == "2" {
			w.WriteHeader(400)
			return
		}
		_, _ = w.Write(riff)
	})
	_, err := newClient(t, s.URL).DownloadRecording(t.Context(), s.URL+recordingPath, 2, newFile(t))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{recordingPath + ".wav?RequestedChannels=2", recordingPath + ".wav?RequestedChannels=1"}
	if !slices.Equal(s.asked, want) {
		t.Errorf("asked for %q", s.asked)
	}
}

// Silence can be measured in a WAV only.
func TestMonoRecordingIsFetchedAsWAV(t *testing.T) {
	for _, status := range []int{200, 400, 404, 406} {
		s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == recordingPath+".mp3" {
				_, _ = io.WriteString(w, "ID3...")
				return
			}
			w.WriteHeader(status)
			_, _ = w.Write(append(riff, "longer than what comes after it"...))
		})
		file := newFile(t)
		media, err := newClient(t, s.URL).DownloadRecording(t.Context(), s.URL+recordingPath+".mp3", 1, file)
		wantFormat, wantAsked := twilio.WAV, []string{recordingPath + ".wav?RequestedChannels=1"}
		if status != 200 {
			wantFormat, wantAsked = twilio.MP3, append(wantAsked, recordingPath+".mp3")
		}
		if err != nil || media.Format != wantFormat || !slices.Equal(s.asked, wantAsked) {
			t.Errorf("%d: %v %v, asked for %q", status, media.Format, err, s.asked)
		}
		content, err := os.ReadFile(file.Name())
		if err != nil || int64(len(content)) != media.Size || status != 200 && string(content) != "ID3..." {
			t.Errorf("%d: %q in the file, %d bytes, %v", status, content, media.Size, err)
		}
	}
}

// A full disk is no fault of the recording's: it may be fetched later.
func TestFullDiskIsNotAnErrorOfTwilio(t *testing.T) {
	s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) { _, _ = w.Write(riff) })
	full, err := os.Open(newFile(t).Name()) // nothing can be written to it
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	_, err = newClient(t, s.URL).DownloadRecording(t.Context(), s.URL+recordingPath, 2, full)
	if err == nil || failed(err) || errors.Is(err, twilio.ErrMediaTooLarge) {
		t.Errorf("got %v", err)
	}
}

func failed(err error) bool { return errors.As(err, new(*twilio.Error)) }

// A body without Content-Length that never ends must not fill the disk.
func TestEndlessRecordingIsCutOff(t *testing.T) {
	s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path != recordingPath+".mp3" {
			w.WriteHeader(404)
			return
		}
		block := make([]byte, 1<<20)
		for range 200 {
			if _, err := w.Write(block); err != nil {
				return
			}
		}
		t.Error("the client read it all")
	})
	_, err := newClient(t, s.URL).DownloadRecording(t.Context(), s.URL+recordingPath, 1, newFile(t))
	if !errors.Is(err, twilio.ErrMediaTooLarge) {
		t.Errorf("got %v", err)
	}
}

func TestVeryLongRecordingIsFetchedMixed(t *testing.T) {
	for _, channels := range []int{1, 2} {
		s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == recordingPath+".mp3" {
				_, _ = io.WriteString(w, "ID3...")
				return
			}
			w.Header().Set("Content-Length", "999999999")
		})
		media, err := newClient(t, s.URL).DownloadRecording(t.Context(), s.URL+recordingPath, channels, newFile(t))
		if err != nil || media.Format != twilio.MP3 {
			t.Errorf("%v %v; asked for %q", media.Format, err, s.asked)
		}
	}
}

func TestMediaErrorsSayWhetherToTryAgain(t *testing.T) {
	for status, class := range map[int]fault.Class{401: fault.Transient, 402: fault.Transient, 403: fault.Transient, 404: fault.Permanent,
		410: fault.Permanent, 429: fault.Transient, 500: fault.Transient, 503: fault.Transient} {
		s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) { w.WriteHeader(status) })
		_, err := newClient(t, s.URL).DownloadRecording(t.Context(), s.URL+recordingPath, 1, newFile(t))
		if e := failure(t, err); e.Status != status || e.Fault().Class != class {
			t.Errorf("%d: not %s: %v", status, class, err)
		}
	}
	s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) {})
	_, err := newClient(t, s.URL).DownloadRecording(t.Context(), s.URL+recordingPath, 1, newFile(t))
	if e := failure(t, err); e.Fault().Class == fault.Permanent {
		t.Errorf("an empty file: %v", err)
	}
}

func TestCredentialsNeverReachAForeignHost(t *testing.T) {
	foreign := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		t.Errorf("foreign host was asked for %s, credentials %q", r.URL, r.Header.Get("Authorization"))
	}))
	defer foreign.Close()
	s := newMediaServer(t, func(w http.ResponseWriter, r *http.Request) {
		http.Redirect(w, r, foreign.URL+recordingPath, http.StatusFound)
	})
	client := newClient(t, s.URL)
	for _, location := range []string{
		foreign.URL + recordingPath,
		s.URL + recordingPath, // redirects
		s.URL + "/2010-04-01/Accounts/" + account + "/Calls.json",
		s.URL + recordingPath + "/../../Calls.json",
		"http://api.twilio.com" + recordingPath,
		"https://api.twilio.com:8443" + recordingPath,
		"https://api.twilio.com.evil.test" + recordingPath,
		"https://evil.test/api.twilio.com" + recordingPath,
		"https://user:pass@api.twilio.com" + recordingPath,
		"https://evilapi.twilio.com" + recordingPath,
		"https://api.twilio.com\\@evil.test" + recordingPath,
		"file:///etc/passwd",
		"",
		"::",
	} {
		if _, err := client.DownloadRecording(t.Context(), location, 1, newFile(t)); !errors.Is(err, twilio.ErrForeignMedia) {
			t.Errorf("%s: %v", location, err)
		}
	}
}

// roundTrip is a transport that answers itself.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func TestEveryTwilioRegionServesMedia(t *testing.T) {
	var asked []string
	client, err := twilio.New(twilio.Config{AccountSid: account, AuthToken: token, Transport: roundTrip(
		func(r *http.Request) (*http.Response, error) {
			asked = append(asked, r.URL.Host)
			rec := httptest.NewRecorder()
			_, _ = rec.Write(binary.BigEndian.AppendUint32(nil, 0xfffb9000))
			return rec.Result(), nil
		})})
	if err != nil {
		t.Fatal(err)
	}
	hosts := []string{"api.twilio.com", "api.ie1.twilio.com", "api.dublin.ie1.twilio.com"}
	for _, host := range hosts {
		if _, err := client.DownloadRecording(t.Context(), "https://"+host+recordingPath+".mp3", 1, newFile(t)); err != nil {
			t.Errorf("%s: %v", host, err)
		}
	}
	if !slices.Equal(asked, hosts) {
		t.Errorf("asked %q", asked)
	}
}
