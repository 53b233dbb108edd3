package jobs

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/inngest/inngestgo"
)

// event is what Inngest takes at /e/{key}.
type event struct {
	ID   string         `json:"id"`
	Name string         `json:"name"`
	Data map[string]any `json:"data"`
}

// send sends the event of a run: the job's arguments, the run's id, and how many events there were before. No personal data.
func (i *inngest) send(ctx context.Context, f Function, unsent Unsent) error {
	data := map[string]any{}
	if err := unsent.Run.Decode(&data); err != nil {
		return err
	}
	data["runId"], data["resends"] = unsent.Run.ID, unsent.Resends
	return i.sendEvent(ctx, event{ID: EventID(unsent.Run, unsent.Resends), Name: EventName(f.Name), Data: data})
}

// sendEvent sends one event, once. The SDK's client would try five times, whatever ctx says.
func (i *inngest) sendEvent(ctx context.Context, e event) error {
	_, err := i.post(ctx, i.events+"/e/"+url.PathEscape(i.config.EventKey), e, "")
	return err
}

// refusal is an answer that is no success.
type refusal struct {
	status int
	words  string
}

func (r *refusal) Error() string {
	if r.words == "" {
		return fmt.Sprintf("Inngest answered %d", r.status)
	}
	return fmt.Sprintf("Inngest answered %d: %s", r.status, r.words)
}

// unauthorized reports that a key was not accepted.
func unauthorized(err error) bool {
	var r *refusal
	return errors.As(err, &r) && (r.status == http.StatusUnauthorized || r.status == http.StatusForbidden)
}

// post sends JSON to Inngest and returns the answer's body. An error does not show the URL, which may hold a key.
func (i *inngest) post(ctx context.Context, to string, body any, key string) ([]byte, error) {
	text, err := json.Marshal(body)
	if err != nil {
		return nil, err
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to, bytes.NewReader(text))
	if err != nil {
		return nil, errors.New("the URL of Inngest is malformed")
	}
	inngestgo.SetBasicRequestHeaders(request)
	if env := i.functions.Headers.Env; env != "" {
		request.Header.Set(inngestgo.HeaderKeyEnv, env)
	}
	if key != "" {
		request.Header.Set(inngestgo.HeaderKeyAuthorization, "Bearer "+hashedKey(key))
		if !i.config.Dev {
			// Else a development server would take the registration, and then call without a signature.
			request.Header.Set(inngestgo.HeaderKeyExpectedServerKind, "cloud")
		}
	}
	response, err := i.config.Client.Do(request)
	if err != nil {
		var failed *url.Error
		if errors.As(err, &failed) {
			err = failed.Err
		}
		return nil, err
	}
	defer func() { _ = response.Body.Close() }()
	answer, err := io.ReadAll(io.LimitReader(response.Body, maxInvocation))
	if response.StatusCode/100 != 2 {
		return nil, &refusal{response.StatusCode, inOneLine(answer)}
	}
	return answer, err
}

// inOneLine is the beginning of what a server said, for a log.
func inOneLine(text []byte) string {
	words := strings.Join(strings.Fields(string(text)), " ")
	return strings.ToValidUTF8(words[:min(len(words), 200)], "")
}

var keyPrefix = regexp.MustCompile(`^signkey-\w+-`)

// hashedKey is a signing key as it is shown to Inngest: the SHA-256 of its bytes. Inngest: SDK specification, 4.1.4.
func hashedKey(key string) string {
	prefix := keyPrefix.FindString(key)
	secret, err := hex.DecodeString(strings.TrimPrefix(key, prefix))
	if err != nil {
		return ""
	}
	sum := sha256.Sum256(secret)
	return prefix + hex.EncodeToString(sum[:])
}
