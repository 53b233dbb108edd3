package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Limits of a MediaStream.
const (
	// mediaSilence is how long Twilio may send nothing while bytes are waited for.
	mediaSilence = 30 * time.Second
	// mediaAttempts is how often in a row a stream is opened again at the same place.
	mediaAttempts = 3
)

// Errors of OpenRecording besides those of DownloadRecording.
var errMediaLength = errors.New("twilio does not say how long the recording's file is")

// MediaStream is the audio of a recording at Twilio, read as it is needed: nothing of it is kept. It is an io.ReadSeeker. Reading goes
// on from any place, with a request for the rest of the file from there. A connection that breaks is opened again.
//
// Whether Twilio serves ranges of a recording is not documented. If it sends the whole file, what is before the place is
// read and thrown away.
type MediaStream struct {
	client *Client
	ctx    context.Context // of the request that it is read for: it lives no longer
	url    *url.URL
	format Format
	size   int64

	at     int64 // where the next byte is read
	bodyAt int64 // where body is
	body   io.ReadCloser
	cancel context.CancelFunc // of the request whose answer body is
}

// OpenRecording opens the audio of a recording at a byte, to be read within ctx. location and channels are those of
// DownloadRecording, and so is the format that it chooses; size is what is known of the file's bytes, 0 when nothing is. A place
// at or behind the end of the file is no error. The caller closes it.
func (c *Client) OpenRecording(ctx context.Context, location string, channels int, size, at int64) (*MediaStream, error) {
	u, err := url.Parse(location)
	if err != nil || !c.ownMedia(u) {
		return nil, ErrForeignMedia
	}
	m := &MediaStream{client: c, ctx: ctx, url: mediaURL(u, WAV, "2"), format: WAV, size: size, at: at}
	if channels != 1 {
		err = m.open()
	}
	if channels == 1 || answered(err, http.StatusBadRequest) {
		m.url = mediaURL(u, WAV, "1")
		if err = m.open(); answered(err, http.StatusBadRequest, http.StatusNotFound, http.StatusNotAcceptable, http.StatusUnsupportedMediaType) {
			m.url, m.format, m.size = mediaURL(u, MP3, ""), MP3, 0
			err = m.open()
		}
	}
	if err != nil {
		return nil, err
	}
	return m, nil
}

// Size is the length of the file in bytes.
func (m *MediaStream) Size() int64 { return m.size }

// Format is the file's.
func (m *MediaStream) Format() Format { return m.format }

// open asks for the file from the place on.
func (m *MediaStream) open() error {
	const op = "playing recording"
	m.shut()
	ctx, cancel := context.WithCancel(m.ctx)
	x := &exchange{ctx: ctx, client: m.client, next: m.client.shared, verbatim: true}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, m.url.String(), nil)
	if err != nil {
		cancel()
		return x.failure(op, err)
	}
	req.Header.Set("Range", "bytes="+strconv.FormatInt(m.at, 10)+"-")
	if m.client.config.UserAgent != "" {
		req.Header.Set("User-Agent", m.client.config.UserAgent)
	}
	timeout := time.AfterFunc(mediaSilence, cancel)
	resp, err := (&http.Client{Transport: x, CheckRedirect: m.client.checkRedirect}).Do(req) //nolint:bodyclose // shut closes it
	timeout.Stop()
	switch {
	case errors.Is(err, ErrForeignMedia):
		cancel()
		return ErrForeignMedia
	case err != nil:
		cancel()
		return x.failure(op, err)
	}
	m.body, m.bodyAt, m.cancel = resp.Body, m.at, cancel
	if err := m.take(resp); err != nil {
		m.shut()
		if errors.Is(err, errStatus) {
			return x.failure(op, nil)
		}
		return fmt.Errorf("%s: %w", op, err)
	}
	return nil
}

// errStatus is an answer without audio.
var errStatus = errors.New("no audio")

// take reads the head of an answer and moves to the place.
func (m *MediaStream) take(resp *http.Response) error {
	switch resp.StatusCode {
	case http.StatusPartialContent:
		first, total, ok := contentRange(resp.Header.Get("Content-Range"))
		if !ok || first > m.at {
			return errors.New("twilio sent another part of the file than was asked for")
		}
		m.size = total
		return m.skip(m.at - first)
	case http.StatusRequestedRangeNotSatisfiable:
		if _, total, ok := contentRange(resp.Header.Get("Content-Range")); ok {
			m.size = total
		}
		if m.size == 0 || m.at < m.size {
			return errStatus
		}
		m.shut()
		return nil
	case http.StatusOK:
		if resp.ContentLength >= 0 {
			m.size = resp.ContentLength
		}
		if m.size <= 0 {
			return errMediaLength
		}
		return m.skip(min(m.at, m.size))
	}
	return errStatus
}

// skip throws bytes away, as long as they keep coming.
func (m *MediaStream) skip(n int64) error {
	for n > 0 {
		timeout := time.AfterFunc(mediaSilence, m.cancel)
		skipped, err := io.CopyN(io.Discard, m.body, min(n, 1<<20))
		timeout.Stop()
		if n -= skipped; err != nil {
			return err
		}
	}
	return nil
}

// contentRange reads a Content-Range: where the part begins, and how long the whole is.
func contentRange(header string) (first, total int64, ok bool) {
	span, whole, ok := strings.Cut(strings.TrimPrefix(header, "bytes "), "/")
	if !ok {
		return 0, 0, false
	}
	total, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || total < 0 {
		return 0, 0, false
	}
	if span == "*" {
		return total, total, true
	}
	from, _, _ := strings.Cut(span, "-")
	first, err = strconv.ParseInt(from, 10, 64)
	return first, total, err == nil && first >= 0
}

// Read implements io.Reader. A file that ends early, or falls silent, is asked for again from where it stopped.
func (m *MediaStream) Read(p []byte) (int, error) {
	if m.at >= m.size {
		return 0, io.EOF
	}
	if rest := m.size - m.at; int64(len(p)) > rest {
		p = p[:rest]
	}
	var err error
	for range mediaAttempts {
		if err = m.ctx.Err(); err != nil {
			return 0, err
		}
		if m.body == nil || m.bodyAt != m.at {
			if err = m.open(); err != nil {
				continue
			}
			if m.body == nil {
				return 0, io.EOF // it has become shorter
			}
		}
		timeout := time.AfterFunc(mediaSilence, m.cancel)
		n, failed := m.body.Read(p)
		timeout.Stop()
		m.at += int64(n)
		m.bodyAt = m.at
		if failed != nil {
			m.shut()
		}
		if n > 0 {
			return n, nil
		}
		if err = failed; errors.Is(failed, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
	}
	return 0, fmt.Errorf("playing recording: %w", err)
}

// Seek implements io.Seeker. Nothing is requested before something is read elsewhere: whoever asks for the length goes to the end
// and back.
func (m *MediaStream) Seek(offset int64, whence int) (int64, error) {
	switch whence {
	case io.SeekCurrent:
		offset += m.at
	case io.SeekEnd:
		offset += m.size
	}
	if offset < 0 {
		return 0, errors.New("before the beginning of the recording")
	}
	m.at = offset
	return offset, nil
}

// Close ends the request. It may be called twice.
func (m *MediaStream) Close() error {
	m.shut()
	return nil
}

func (m *MediaStream) shut() {
	if m.body != nil {
		m.cancel()
		_ = m.body.Close()
		m.body, m.cancel = nil, nil
	}
}
