package jobs

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/inngest/inngestgo"
)

// registration is what Inngest is told of the functions. Inngest: SDK specification, 4.3 Sync requests. The functions are in
// the order of their ids, so that the same functions are the same registration.
type registration struct {
	URL          string            `json:"url"`
	V            string            `json:"v"`
	DeployType   string            `json:"deployType"`
	SDK          string            `json:"sdk"`
	AppName      string            `json:"appName"`
	Framework    string            `json:"framework"`
	Functions    []json.RawMessage `json:"functions"`
	Headers      environment       `json:"headers"`
	Capabilities json.RawMessage   `json:"capabilities"`
}

type environment struct {
	Env      string `json:"env"`
	Platform string `json:"platform"`
}

// describe has the SDK describe the functions, by asking its handler as Inngest Cloud does. It signs its answer, so it is
// asked with a key that nobody else uses.
func (e *Engine) describe(c InngestConfig, serve *url.URL) (registration, error) {
	c.Dev, c.SigningKey, c.SigningKeyFallback = false, "0123456789abcdef", ""
	handler, err := e.servable(c, serve)
	if err != nil {
		return registration{}, err
	}
	body, err := json.Marshal(map[string]string{"url": c.ServeURL})
	if err != nil {
		return registration{}, err
	}
	signature, err := inngestgo.Sign(context.Background(), time.Now(), []byte(c.SigningKey), body)
	if err != nil {
		return registration{}, fmt.Errorf("describing the functions: %w", err)
	}
	request, err := http.NewRequestWithContext(context.Background(), http.MethodPut, c.ServeURL, bytes.NewReader(body))
	if err != nil {
		return registration{}, fmt.Errorf("describing the functions: %w", err)
	}
	request.Header.Set(inngestgo.HeaderKeySignature, signature)
	answer := &recordedAnswer{header: http.Header{}, status: http.StatusOK}
	handler.ServeHTTP(answer, request)
	var described struct {
		Env        *string           `json:"env"`
		Functions  []json.RawMessage `json:"functions"`
		Inspection struct {
			Capabilities json.RawMessage `json:"capabilities"`
		} `json:"inspection"`
		URL string `json:"url"`
	}
	if err := json.Unmarshal(answer.body.Bytes(), &described); err != nil || answer.status != http.StatusOK {
		return registration{}, fmt.Errorf("describing the functions: the SDK answered %d: %s", answer.status, inOneLine(answer.body.Bytes()))
	}
	r := registration{
		URL: described.URL, V: "1", DeployType: "ping", SDK: inngestgo.HeaderValueSDK, AppName: appID,
		Functions: described.Functions, Capabilities: described.Inspection.Capabilities,
	}
	if described.Env != nil {
		r.Headers.Env = *described.Env
	}
	slices.SortFunc(r.Functions, func(a, b json.RawMessage) int { return cmp.Compare(functionID(a), functionID(b)) })
	return r, nil
}

// recordedAnswer keeps an HTTP answer in memory.
type recordedAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (m *recordedAnswer) Header() http.Header                { return m.header }
func (m *recordedAnswer) WriteHeader(status int)             { m.status = status }
func (m *recordedAnswer) Write(text []byte) (n int, _ error) { return m.body.Write(text) }

func functionID(function json.RawMessage) string {
	var f struct {
		ID string `json:"id"`
	}
	_ = json.Unmarshal(function, &f) // written by the SDK just now
	return f.ID
}

// register tells Inngest which functions there are and where, and returns whether that was news.
func (i *inngest) register(ctx context.Context) (news bool, err error) {
	to := i.api + "/fn/register"
	answer, err := i.post(ctx, to, i.functions, i.config.SigningKey)
	if unauthorized(err) && i.config.SigningKeyFallback != "" {
		answer, err = i.post(ctx, to, i.functions, i.config.SigningKeyFallback)
	}
	if err != nil {
		return false, err
	}
	var said struct {
		OK       *bool  `json:"ok"`
		Modified bool   `json:"modified"`
		Error    string `json:"error"`
	}
	switch err := json.Unmarshal(answer, &said); {
	case err != nil || said.OK == nil:
		return false, errors.New("who answered is no Inngest: " + inOneLine(answer))
	case !*said.OK:
		return false, errors.New("Inngest refused the functions: " + inOneLine([]byte(said.Error)))
	}
	return said.Modified, nil
}
