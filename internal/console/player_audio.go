package console

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/internal/store"
)

// Recordings has the audio of recordings.
type Recordings interface {
	// OpenRecording opens a recording at a byte, to be read within ctx. account placed the call, "" when that is not known; location is
	// the recording's URL, channels what Twilio said of it, and size its bytes, 0 when nobody knows. ErrNoAudio when there is none.
	OpenRecording(ctx context.Context, account, location string, channels int, size, at int64) (Audio, error)
}

// Audio is the file of a recording. Reading it may begin anywhere and costs no memory.
type Audio interface {
	io.ReadSeekCloser
	Size() int64
	ContentType() string
}

// ErrNoAudio is of a recording that its service does not have, or not yet.
var ErrNoAudio = errors.New("there is no audio of this recording")

const (
	// takenWithin is how long a browser may take nothing of an answer before the connection is closed. A player that goes on
	// after a pause asks for the rest.
	takenWithin = time.Minute
	// heldEvery is how often it is asked whether a recording that is being sent may still be listened to.
	heldEvery = 5 * time.Second
)

func (c *Console) routePlayer(mux *http.ServeMux) {
	c.adminPage(mux, "GET /console/calls/{id}/recordings/{sid}/audio", c.audio)
}

// opening names the opening of a player.
var opening = regexp.MustCompile(`^[A-Z2-7]{26}$`)

// audio sends a recording, or the part that a player asks for, as it is read from Twilio. Nothing of it is kept, here or in the
// browser's cache. That somebody listens is recorded before the first byte is sent.
func (c *Console) audio(w http.ResponseWriter, r *http.Request, _ Role) error {
	ctx, end := context.WithCancel(r.Context())
	defer end()
	id, sid := r.PathValue("id"), r.PathValue("sid")
	p, err := c.store.Playback(ctx, id, sid)
	if err != nil {
		return err
	}
	w.Header().Set("Cache-Control", "private, no-store")
	if !p.Playable() {
		_, why := recordingState(p.Call, p.Recording)
		http.Error(w, why, http.StatusNotFound)
		return nil
	}
	if c.recordings == nil {
		http.Error(w, "This server has no account at Twilio, where the audio lies.", http.StatusServiceUnavailable)
		return nil
	}
	if strings.Contains(r.Header.Get("Range"), ",") {
		r.Header.Del("Range") // nobody who plays audio asks for several parts at once
	}
	audio, err := c.recordings.OpenRecording(ctx, p.Call.AccountSid, p.Recording.URL, p.Recording.Channels, p.Size, firstByte(r.Header.Get("Range")))
	if err != nil {
		if r.Context().Err() != nil {
			return nil
		}
		c.log.WarnContext(ctx, "playing a recording", slog.String("recording", sid), slog.Any("error", err))
		if errors.Is(err, ErrNoAudio) {
			http.Error(w, "Twilio does not have the audio, or not yet.", http.StatusNotFound)
		} else {
			http.Error(w, "Twilio did not send the audio. Trying again may help; the server's log says why.", http.StatusBadGateway)
		}
		return nil
	}
	defer func() { _ = audio.Close() }()
	if r.Method != http.MethodHead {
		l := store.Listening{CallID: id, RecordingSid: sid, Actor: whoAsks(r).actor(), Opening: r.URL.Query().Get("opening")}
		if !opening.MatchString(l.Opening) {
			l.Opening = ""
		}
		if err := c.store.RecordListening(ctx, l); err != nil {
			return err
		}
	}
	w.Header().Set("Content-Type", audio.ContentType())
	w.Header().Set("ETag", fmt.Sprintf(`"%s-%d"`, etagSafe(sid), audio.Size()))
	held := &heldAudio{Audio: audio, ended: ctx.Err, next: time.Now().Add(heldEvery), may: func() error {
		p, err := c.store.Playback(ctx, id, sid)
		if err == nil && !p.Playable() {
			err = ErrNoAudio
		}
		return err
	}}
	defer context.AfterFunc(c.listening, end)()
	http.ServeContent(&boundedWriter{w, http.NewResponseController(w)}, r, "", time.Time{}, held)
	return nil
}

// firstByte is where a Range begins, 0 when it counts from the end or cannot be read: then reading moves there.
func firstByte(header string) int64 {
	from, _, _ := strings.Cut(strings.TrimPrefix(header, "bytes="), "-")
	at, err := strconv.ParseInt(from, 10, 64)
	if err != nil || at < 0 {
		return 0
	}
	return at
}

// etagSafe keeps what may be in an entity tag.
func etagSafe(s string) string {
	return strings.Map(func(r rune) rune {
		if r <= ' ' || r == '"' || r > '~' {
			return '_'
		}
		return r
	}, s)
}

// heldAudio stops when the recording may no longer be listened to: a consent may be withdrawn while somebody listens.
type heldAudio struct {
	Audio
	ended func() error // nobody listens any more, or the server stops
	next  time.Time
	may   func() error
}

// Read implements io.Reader.
func (h *heldAudio) Read(p []byte) (int, error) {
	if err := h.ended(); err != nil {
		return 0, err
	}
	if now := time.Now(); now.After(h.next) {
		if err := h.may(); err != nil {
			return 0, err
		}
		h.next = now.Add(heldEvery)
	}
	return h.Audio.Read(p)
}

// boundedWriter gives each write its own time: an answer may last as long as somebody listens.
type boundedWriter struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write implements io.Writer.
func (p *boundedWriter) Write(b []byte) (int, error) {
	if err := p.control.SetWriteDeadline(time.Now().Add(takenWithin)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return 0, err
	}
	return p.ResponseWriter.Write(b)
}

// EndAudio ends the answers that would go on as long as somebody listens. It is for a server that stops; players ask again.
func (c *Console) EndAudio() { c.endListening() }
