package openai

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	sdk "github.com/openai/openai-go/v3"
	"github.com/openai/openai-go/v3/option"

	"github.com/i-agent/iagent/internal/fault"
	"github.com/i-agent/iagent/internal/telemetry"
)

// Defaults of Config.
const (
	DefaultBaseURL         = "https://api.openai.com/v1"
	DefaultTranscribeModel = "whisper-1" // the model that gives times
	DefaultExtractModel    = "gpt-4o-mini"
)

// maxAnswer bounds what is read of one answer, in bytes.
const maxAnswer = 32 << 20

// Config is what a Client needs to know.
type Config struct {
	// APIKey is sent as a bearer token; "" for a server of one's own that wants none.
	APIKey string
	// BaseURL is where the protocol's paths begin, version included, such as "http://localhost:8000/v1".
	BaseURL string
	// TranscribeModel turns speech into text, ExtractModel answers questions.
	TranscribeModel, ExtractModel string
	// UserAgent is ours, such as "iagent/1.2.0"; "" leaves the official client's.
	UserAgent string
	// Timeout bounds one request; zero means 5 minutes.
	Timeout time.Duration
	// OnAnswer, if set, is called with the status of each answer, or with why there is none.
	OnAnswer func(status int, err error)
	// Transport replaces the transport of every request, for tests. Nil means http.DefaultTransport.
	Transport http.RoundTripper
}

// Client sends requests to one server. It is safe for concurrent use and starts no goroutines.
type Client struct {
	config Config
	audio  sdk.AudioTranscriptionService
	chat   sdk.ChatCompletionService
	// transcriptForms and answerForms remember which forms of a transcript and of an answer the server takes.
	transcriptForms, answerForms forms
}

// New checks the configuration and returns a Client. Nothing is sent.
func New(config Config) (*Client, error) {
	if config.BaseURL == "" {
		config.BaseURL = DefaultBaseURL
	}
	if config.TranscribeModel == "" {
		config.TranscribeModel = DefaultTranscribeModel
	}
	if config.ExtractModel == "" {
		config.ExtractModel = DefaultExtractModel
	}
	if config.Timeout == 0 {
		config.Timeout = 5 * time.Minute
	}
	u, err := url.Parse(config.BaseURL)
	if err != nil || (u.Scheme != "https" && u.Scheme != "http") || u.Host == "" || u.User != nil {
		return nil, errors.New("model server URL: must be http(s)://host/v1, without credentials")
	}
	options := []option.RequestOption{
		option.WithBaseURL(strings.TrimRight(config.BaseURL, "/") + "/"),
		option.WithHTTPClient(&http.Client{Transport: telemetry.Transport{Next: config.Transport, OnAnswer: config.OnAnswer}}),
		option.WithMaxRetries(0),
		option.WithRequestTimeout(config.Timeout),
	}
	if config.APIKey != "" {
		options = append(options, option.WithAPIKey(config.APIKey))
	}
	if config.UserAgent != "" {
		options = append(options, option.WithHeader("User-Agent", config.UserAgent))
	}
	return &Client{
		config: config,
		// The services, not the client: the client would read its settings from the environment.
		audio: sdk.NewAudioTranscriptionService(options...),
		chat:  sdk.NewChatCompletionService(options...),
	}, nil
}

// exchange remembers what the official client hides: the status and the words of an answer that it cannot decode.
type exchange struct {
	status      int
	contentType string
	retryAfter  time.Duration
	head        []byte
}

// option makes the official client tell x about its one request.
func (x *exchange) option() option.RequestOption {
	return option.WithMiddleware(func(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		resp, err := next(req)
		if err != nil {
			return resp, err
		}
		x.status, x.contentType, x.retryAfter = resp.StatusCode, resp.Header.Get("Content-Type"), fault.RetryAfter(resp.Header)
		if resp.StatusCode >= 400 {
			x.head, _ = io.ReadAll(io.LimitReader(resp.Body, 8<<10))
			_ = resp.Body.Close()
			resp.Body = io.NopCloser(bytes.NewReader(x.head))
			return resp, nil
		}
		body := resp.Body
		resp.Body = struct {
			io.Reader
			io.Closer
		}{io.LimitReader(body, maxAnswer), body}
		return resp, nil
	})
}

// failure describes err with everything the exchange knows.
func (c *Client) failure(op string, x *exchange, err error) *Error {
	e := &Error{Op: op, Status: x.status, RetryAfter: x.retryAfter}
	var answer *sdk.Error
	switch {
	case errors.As(err, &answer):
		e.Code, e.Param, e.Message = answer.Code, answer.Param, answer.Message
	case x.status >= 400:
		e.Message = firstLine(x.head)
	default:
		var transport *url.Error
		if errors.As(err, &transport) {
			err = transport.Err
		}
		e.err = err
	}
	if c.config.APIKey != "" {
		e.Message = strings.ReplaceAll(e.Message, c.config.APIKey, "***")
	}
	e.raw = string(x.head)
	return e
}

// firstLine shortens an answer that is not the protocol's, such as a proxy's page, for an error message.
func firstLine(body []byte) string {
	line, _, _ := strings.Cut(strings.TrimSpace(string(body)), "\n")
	if len(line) > 200 {
		line = strings.ToValidUTF8(line[:200], "") + "…"
	}
	return line
}

// ExtractModel is the name of the model that answers questions.
func (c *Client) ExtractModel() string { return c.config.ExtractModel }
