package api

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/json"
	"mime"
	"net/http"
	"regexp"
	"strings"

	"github.com/i-agent/iagent/internal/evidence"
	"github.com/i-agent/iagent/internal/interview"
)

// allowViewer lets whoever has the viewer's token read what next answers, with phone numbers masked and raw requests left out. What
// changes something is refused with 403, and so is a search by number, which would tell the number that is masked. Requests with
// another token, or none, go to others.
func allowViewer(token string, next, others http.Handler) http.Handler {
	if token == "" {
		return others
	}
	want := sha256.Sum256([]byte(token))
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		got := sha256.Sum256([]byte(bearer(r)))
		if subtle.ConstantTimeCompare(got[:], want[:]) != 1 {
			others.ServeHTTP(w, r)
			return
		}
		secure(w)
		if r.Method != http.MethodGet && r.Method != http.MethodHead {
			writeProblem(w, &problem{status: http.StatusForbidden, message: "Forbidden: VIEWER_TOKEN only reads"})
			return
		}
		if r.URL.Query().Has("phoneNumber") {
			writeProblem(w, &problem{status: http.StatusForbidden, message: "Forbidden: VIEWER_TOKEN does not search by phone number"})
			return
		}
		buffered := &bufferedAnswer{header: http.Header{}, status: http.StatusOK, client: w}
		next.ServeHTTP(buffered, r)
		if buffered.masked {
			return
		}
		body, ok := maskAnswer(buffered.header.Get("Content-Type"), buffered.body.Bytes())
		if !ok {
			writeProblem(w, &problem{status: http.StatusForbidden, message: "Forbidden: VIEWER_TOKEN does not show this"})
			return
		}
		for name, values := range buffered.header {
			if name != "Content-Length" {
				w.Header()[name] = values
			}
		}
		w.WriteHeader(buffered.status)
		_, _ = w.Write(body) // the client is gone: nobody to tell
	})
}

// bufferedAnswer keeps an answer until it is masked.
type bufferedAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
	// client is who asked. An endpoint whose answer is too long to be kept writes to it, without anything that a viewer may not see,
	// and says so with masked.
	client http.ResponseWriter
	masked bool
}

func (b *bufferedAnswer) Header() http.Header         { return b.header }
func (b *bufferedAnswer) WriteHeader(status int)      { b.status = status }
func (b *bufferedAnswer) Write(p []byte) (int, error) { return b.body.Write(p) }

// maskAnswer masks an answer; it reports false when it cannot be read, so that nobody knows what is in it.
func maskAnswer(contentType string, body []byte) ([]byte, bool) {
	if media, _, _ := mime.ParseMediaType(contentType); media != "application/json" {
		return nil, false
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber()
	var answer any
	if decoder.Decode(&answer) != nil {
		return nil, false
	}
	masked, err := json.Marshal(maskValue("", answer))
	return append(masked, '\n'), err == nil
}

// rawFields are requests and answers as they were, in which a number may be written in any way.
var rawFields = map[string]bool{"body": true, "target": true, "params": true, "rawBody": true, "signedText": true, "expectedText": true}

// maskValue masks a value of the answer that has this name.
func maskValue(name string, value any) any {
	if rawFields[name] {
		return nil
	}
	switch v := value.(type) {
	case map[string]any:
		for name, member := range v {
			v[name] = maskValue(name, member)
		}
		return v
	case []any:
		for n := range v {
			v[n] = maskValue(name, v[n])
		}
		return v
	case string:
		return maskText(v)
	}
	return value
}

var (
	// plusNumber finds numbers with their plus sign, also within a URL.
	plusNumber = regexp.MustCompile(`(?:\+|%2[Bb])[1-9][0-9]{6,}`)
	// identifier is a text that has letters and no space, such as an id, a SID or an event id, or that is a time.
	identifier = regexp.MustCompile(`^(?:[A-Za-z0-9_:.,/#=-]*[A-Za-z][A-Za-z0-9_:.,/#=+-]*|\d{4}-\d\d-\d\d)$`)
)

// maskText masks what may be a phone number: in whatever people said or services wrote, and with its plus sign everywhere.
func maskText(text string) string {
	masked := plusNumber.ReplaceAllStringFunc(text, func(found string) string {
		digits := strings.TrimPrefix(strings.TrimPrefix(strings.ToUpper(found), "%2B"), "+")
		return found[:len(found)-len(digits)] + strings.TrimPrefix(interview.MaskPhoneNumber("+"+digits), "+")
	})
	if masked != text && !strings.Contains(text, " ") || identifier.MatchString(text) {
		return masked
	}
	return evidence.ForViewer(masked)
}
