package twilio

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"
)

// MaxUpload is the most that speech-to-text takes in one file, in bytes (OpenAI: Speech to text).
const MaxUpload = 25 << 20

// MaxDualMedia bounds a two-channel recording, in bytes: each half becomes a file of at most MaxUpload, header included. At Twilio's 8 kHz
// and 16 bits that is 27 minutes.
const MaxDualMedia = 2 * (MaxUpload - 64)

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
	Data   []byte
}

// DownloadRecording fetches the audio of a recording. location is its URL with or without an extension; channels is what
// Twilio said about it, 0 when it said nothing.
//
// Unless the recording is mono it is asked for as a WAV of two channels, since an MP3 cannot be taken apart without
// decoding it; Twilio answers 400 when there is only one, and then, or when two channels are over MaxDualMedia, the one
// mixed channel is fetched. Mono comes as MP3, at most MaxUpload.
//
// Credentials go to Twilio's own API hosts over https and to the configured API URL, nowhere else: anything else,
// redirects included, is ErrForeignMedia. Other errors are ErrMediaTooLarge or an *Error: 404 may mean that the file is
// not ready yet.
func (c *Client) DownloadRecording(ctx context.Context, location string, channels int) (Media, error) {
	u, err := url.Parse(location)
	if err != nil || !c.ownMedia(u) {
		return Media{}, ErrForeignMedia
	}
	ctx, cancel := context.WithTimeout(ctx, c.config.MediaTimeout)
	defer cancel()
	if channels != 1 {
		media, err := c.download(ctx, mediaURL(u, WAV, "2"), MaxDualMedia)
		var e *Error
		switch {
		case errors.As(err, &e) && e.Status == http.StatusBadRequest:
			return c.download(ctx, mediaURL(u, WAV, "1"), MaxUpload)
		case errors.Is(err, ErrMediaTooLarge):
			return c.download(ctx, mediaURL(u, MP3, "1"), MaxUpload)
		}
		return media, err
	}
	return c.download(ctx, mediaURL(u, MP3, ""), MaxUpload)
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

func (c *Client) download(ctx context.Context, u *url.URL, limit int64) (Media, error) {
	const op = "downloading recording"
	x := &exchange{ctx: ctx, base: u, next: c.shared, verbatim: true}
	client := &http.Client{Transport: x, CheckRedirect: c.checkRedirect}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, u.String(), nil)
	if err != nil {
		return Media{}, x.failure(op, err)
	}
	req.SetBasicAuth(c.config.AccountSid, c.config.AuthToken)
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
	data, err := io.ReadAll(io.LimitReader(resp.Body, limit+1))
	if err != nil {
		return Media{}, x.failure(op, err)
	}
	if int64(len(data)) > limit {
		return Media{}, fmt.Errorf("%s: %w, the limit is %d bytes", op, ErrMediaTooLarge, limit)
	}
	if len(data) == 0 {
		return Media{}, x.failure(op, errEmptyMedia)
	}
	return Media{Format: sniff(data), Data: data}, nil
}

// checkRedirect lets a download move between hosts that may have our credentials, and nowhere else.
func (c *Client) checkRedirect(req *http.Request, via []*http.Request) error {
	if len(via) > 3 || !c.ownHost(req.URL) {
		return ErrForeignMedia
	}
	req.SetBasicAuth(c.config.AccountSid, c.config.AuthToken)
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
