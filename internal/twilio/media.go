package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"os"
	"regexp"
	"slices"
	"strings"
)

// MaxUpload is the most that speech-to-text takes in one file, in bytes (OpenAI: Speech to text).
const MaxUpload = 25 << 20

// MaxWAV bounds a recording that is downloaded as a WAV, in bytes. At Twilio's 8 kHz and 16 bits that is four and a half
// hours of two channels; a call ends after four unless somebody asks for more (Twilio: Call resource, TimeLimit).
const MaxWAV = 512 << 20

// Errors of DownloadRecording that no repetition cures.
var (
	// ErrForeignMedia is a media URL, or a redirect, to a host that our credentials must not reach.
	ErrForeignMedia = errors.New("recording is not on Twilio's API host nor at the configured API URL")
	// ErrMediaTooLarge is a recording over the limit.
	ErrMediaTooLarge = errors.New("recording is too large")
)

// errEmptyMedia is a recording of no bytes: not ready yet.
var errEmptyMedia = errors.New("recording is empty")

// Format is the container of a recording.
type Format string

// The formats in which Twilio serves recordings (Twilio: Recordings resource).
const (
	WAV Format = "wav"
	MP3 Format = "mp3"
)

// Media is a downloaded recording. Format is what the bytes are, whatever was asked for; the number of channels of a WAV
// is in its header.
type Media struct {
	Format Format
	// Size is in bytes.
	Size int64
}

// DownloadRecording fetches the audio of a recording into a file, which it empties first. location is its URL with or
// without an extension; channels is what Twilio said about it, 0 when it said nothing.
//
// A recording is asked for as a WAV, of two channels unless it is mono, since an MP3 can be neither taken apart nor
// measured without decoding it. Twilio answers 400 when there is only one channel: then that one is fetched. What is not to
// be had as a WAV, or is over MaxWAV, comes as MP3 with its channels mixed, at most MaxUpload.
//
// Credentials go to Twilio's own API hosts over https and to the configured API URL, nowhere else: anything else,
// redirects included, is ErrForeignMedia. Other errors are ErrMediaTooLarge, those of the file, or an *Error: 404 may mean
// that the recording is not ready yet.
func (c *Client) DownloadRecording(ctx context.Context, location string, channels int, into *os.File) (Media, error) {
	u, err := url.Parse(location)
	if err != nil || !c.ownMedia(u) {
		return Media{}, ErrForeignMedia
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.MediaTimeout)
	defer cancel()
	var media Media
	if channels != 1 {
		media, err = c.download(ctx, mediaURL(u, WAV, "2"), MaxWAV, into)
	}
	if channels == 1 || answered(err, http.StatusBadRequest) {
		media, err = c.download(ctx, mediaURL(u, WAV, "1"), MaxWAV, into)
		if answered(err, http.StatusBadRequest, http.StatusNotFound, http.StatusNotAcceptable, http.StatusUnsupportedMediaType) {
			return c.download(ctx, mediaURL(u, MP3, ""), MaxUpload, into)
		}
	}
	if errors.Is(err, ErrMediaTooLarge) {
		return c.download(ctx, mediaURL(u, MP3, "1"), MaxUpload, into)
	}
	return media, err
}

// answered reports whether err is an answer of Twilio's with one of these statuses.
func answered(err error, statuses ...int) bool {
	var e *Error
	return errors.As(err, &e) && slices.Contains(statuses, e.Status)
}

// mediaURL is a recording's URL in a format, "" channels for what Twilio gives by default.
func mediaURL(u *url.URL, format Format, channels string) *url.URL {
	v := *u
	for _, ext := range []string{".mp3", ".wav", ".json"} {
		v.Path = strings.TrimSuffix(v.Path, ext)
	}
	v.Path += "." + string(format)
	v.RawPath, v.RawQuery, v.Fragment = "", "", ""
	if channels != "" {
		v.RawQuery = "RequestedChannels=" + channels
	}
	return &v
}

func (c *Client) download(ctx context.Context, u *url.URL, limit int64, into *os.File) (Media, error) {
	const op = "downloading recording"
	x := &exchange{ctx: ctx, client: c, next: c.shared, verbatim: true}
	client := &http.Client{Transport: x, CheckRedirect: c.checkRedirect}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Media{}, x.failure(op, err)
	}
	if c.config.UserAgent != "" {
		req.Header.Set("User-Agent", c.config.UserAgent)
	}
	resp, err := client.Do(req)
	if errors.Is(err, ErrForeignMedia) {
		return Media{}, ErrForeignMedia
	}
	if err != nil {
		return Media{}, x.failure(op, err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusOK {
		return Media{}, x.failure(op, nil)
	}
	if resp.ContentLength > limit {
		return Media{}, fmt.Errorf("%s of %d bytes: %w, the limit is %d", op, resp.ContentLength, ErrMediaTooLarge, limit)
	}
	file := &fileWriter{file: into}
	if err := file.empty(); err != nil {
		return Media{}, fmt.Errorf("%s: %w", op, err)
	}
	_, err = io.CopyBuffer(file, io.LimitReader(resp.Body, limit+1), make([]byte, 64<<10))
	switch {
	case file.err != nil:
		return Media{}, fmt.Errorf("%s, keeping it in a temporary file: %w", op, file.err)
	case err != nil:
		return Media{}, x.failure(op, err)
	case file.size > limit:
		return Media{}, fmt.Errorf("%s: %w, the limit is %d bytes", op, ErrMediaTooLarge, limit)
	case file.size == 0:
		return Media{}, x.failure(op, errEmptyMedia)
	}
	return Media{Format: sniff(file.head), Size: file.size}, nil
}

// fileWriter writes a download to a file. Its errors are told apart from those of the connection.
type fileWriter struct {
	file *os.File
	size int64
	head []byte
	err  error
}

func (k *fileWriter) empty() error {
	if err := k.file.Truncate(0); err != nil {
		return err
	}
	_, err := k.file.Seek(0, io.SeekStart)
	return err
}

// Write implements io.Writer.
func (k *fileWriter) Write(p []byte) (int, error) {
	if missing := 12 - len(k.head); missing > 0 {
		k.head = append(k.head, p[:min(missing, len(p))]...)
	}
	n, err := k.file.Write(p)
	k.size += int64(n)
	k.err = err
	return n, err
}

// checkRedirect lets a download move between hosts that may have our credentials, and nowhere else.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > 3 || !c.ownHost(req.URL) {
		return ErrForeignMedia
	}
	return nil
}

// twilioHost is Twilio's API in its default region, in a region, or at an edge of a region.
var twilioHost = regexp.MustCompile(`^api(\.[a-z0-9-]+){0,2}\.twilio\.com$`)

// recordingPath is where the API keeps recordings.
var recordingPath = regexp.MustCompile(`^/2010-04-01/Accounts/[A-Za-z0-9]+/Recordings/[A-Za-z0-9]+(\.[a-z0-9]+)?$`)

// ownMedia reports whether u is a recording on a host that may have our credentials.
func (c *Client) ownMedia(u *url.URL) bool {
	path := u.Path
	if u.Scheme == c.base.Scheme && strings.EqualFold(u.Host, c.base.Host) {
		path = strings.TrimPrefix(path, c.base.Path)
	}
	return c.ownHost(u) && u.RawPath == "" && recordingPath.MatchString(path)
}

// ownHost reports whether our credentials may go where u points.
func (c *Client) ownHost(u *url.URL) bool {
	if u.User != nil {
		return false
	}
	if u.Scheme == c.base.Scheme && strings.EqualFold(u.Host, c.base.Host) {
		return strings.HasPrefix(u.Path, c.base.Path+"/")
	}
	return u.Scheme == "https" && (u.Port() == "" || u.Port() == "443") &&
		twilioHost.MatchString(strings.ToLower(u.Hostname()))
}

// sniff tells a WAV by its first bytes; Twilio's only other format is MP3.
func sniff(data []byte) Format {
	if len(data) >= 12 && string(data[:4]) == "RIFF" && string(data[8:12]) == "WAVE" {
		return WAV
	}
	return MP3
}
