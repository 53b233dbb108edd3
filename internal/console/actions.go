package console

import (
	"bytes"
	"cmp"
	"encoding/json"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// action is something that an Admin may do from a page. It is one request to the API, so that it is checked, done and kept in
// the audit log as if a program had sent it.
type action struct {
	// name is what its button says, such as "Cancel this call"; explained says in a sentence or two what it does.
	name, explained string
	// at is where its form is posted to and from is the page that it stands on: paths below /console.
	at, from string
	request  apiRequest
	// reason says whether a reason is asked for; it is the member "reason" of the request's body.
	reason wanted
	// typed is what somebody must type to confirm it, "" for nothing.
	typed string
	// inputs are further fields of the form.
	inputs []input
	// key leads to it from the keyboard, such as "r"; "" for none.
	key string
	// then, if set, says by the API's answer where to go when it is done, instead of from.
	then func(answer []byte) string
	// danger is for what cannot be undone.
	danger bool
	// done is what the page says when it is done; said, if set, says it by the API's answer.
	done string
	said func(answer []byte) string
}

// wanted says whether a field must be filled in.
type wanted byte

const (
	notAsked wanted = iota
	optional
	required
)

// input is a field of an action's form. What it does to the request is for whoever builds the action.
type input struct {
	name, label, value string
	required           bool
	// checkbox makes it one, with the value "on".
	checkbox bool
	// options are what can be chosen; none is a field to write in.
	options []option
}

// option is a value that can be chosen, in words.
type option struct{ value, words string }

// apiRequest is a request to the API.
type apiRequest struct {
	method, path string
	query        url.Values
	// body is JSON; nil for none.
	body map[string]any
	// raw is a body of another media type than JSON, instead of body.
	raw   []byte
	media string
	// header are further headers.
	header map[string]string
}

func (q apiRequest) target() string {
	if len(q.query) == 0 {
		return q.path
	}
	return q.path + "?" + q.query.Encode()
}

// curl is the request as a line for a shell. It names the token and does not have it.
func (c *Console) curl(q apiRequest) string {
	line := []string{"curl"}
	if q.method != http.MethodGet {
		line = append(line, "-X", q.method)
	}
	line = append(line, shellQuoted(c.publicURL+q.target()), `-H "Authorization: Bearer $ADMIN_TOKEN"`)
	for _, name := range slices.Sorted(maps.Keys(q.header)) {
		line = append(line, "-H", shellQuoted(name+": "+q.header[name]))
	}
	if q.body != nil {
		body, err := json.Marshal(q.body)
		if err != nil {
			return "" // of values that are not JSON: a fault of ours that a test would see
		}
		line = append(line, "-H 'Content-Type: application/json'", "-d", shellQuoted(string(body)))
	}
	return strings.Join(line, " ")
}

// shellQuoted is a word of a POSIX shell; $APP_URL in front is left to the shell.
func shellQuoted(word string) string {
	if rest, ok := strings.CutPrefix(word, "$APP_URL"); ok {
		return `"$APP_URL"` + shellQuoted(rest)
	}
	if word != "" && strings.Trim(word, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789/:._-+=,@") == "" {
		return word
	}
	return "'" + strings.ReplaceAll(word, "'", `'\''`) + "'"
}

// apiAnswer is what the API said.
type apiAnswer struct {
	status int
	body   []byte
}

// ok reports whether the request was done.
func (a apiAnswer) ok() bool { return a.status/100 == 2 }

// problem is why it was not, in the API's words.
func (a apiAnswer) problem() string {
	var said struct {
		Error string
	}
	if json.Unmarshal(a.body, &said) != nil || said.Error == "" {
		return fmt.Sprintf("The API answered %d.", a.status)
	}
	return said.Error
}

// faultWords are why it was not, with what the API has against single fields.
func (a apiAnswer) faultWords() string {
	said := []string{strings.TrimSuffix(a.problem(), ".")}
	for _, fault := range a.faults() {
		said = append(said, fault.Field+" "+fault.Error)
	}
	return strings.Join(said, ": ")
}

// ask sends a request to the API on behalf of whoever sent r, who must be an Admin.
func (c *Console) ask(r *http.Request, q apiRequest) (apiAnswer, error) {
	if who := whoAsks(r); who.role != Admin {
		return apiAnswer{status: http.StatusForbidden}, nil
	}
	body, media := q.raw, q.media
	if q.body != nil {
		media = "application/json"
		var err error
		if body, err = json.Marshal(q.body); err != nil {
			return apiAnswer{}, fmt.Errorf("%s %s: %w", q.method, q.path, err)
		}
	}
	inner, err := http.NewRequestWithContext(r.Context(), q.method, "http://api.invalid"+q.target(), bytes.NewReader(body))
	if err != nil {
		return apiAnswer{}, fmt.Errorf("%s %s: %w", q.method, q.path, err)
	}
	inner.RemoteAddr = r.RemoteAddr
	if body != nil {
		inner.Header.Set("Content-Type", media)
	}
	inner.Header.Set("X-Requested-By", whoAsks(r).actor())
	for name, value := range q.header {
		inner.Header.Set(name, value)
	}
	kept := &keptAnswer{header: http.Header{}, status: http.StatusOK}
	c.api.ServeHTTP(kept, inner)
	return apiAnswer{status: kept.status, body: kept.body.Bytes()}, nil
}

// keptAnswer keeps what a handler writes.
type keptAnswer struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *keptAnswer) Header() http.Header         { return k.header }
func (k *keptAnswer) WriteHeader(status int)      { k.status = status }
func (k *keptAnswer) Write(p []byte) (int, error) { return k.body.Write(p) }

// action registers what only an Admin may do. build makes the action from the path and the form of a request.
func (c *Console) action(mux *http.ServeMux, pattern string, build func(*http.Request) (action, error)) {
	c.adminPage(mux, pattern, func(w http.ResponseWriter, r *http.Request, role Role) error {
		r.Body = http.MaxBytesReader(w, r.Body, 64<<10)
		if err := r.ParseForm(); err != nil {
			return &badRequest{"The form cannot be read."}
		}
		a, err := build(r)
		if err != nil {
			return err
		}
		reason := strings.TrimSpace(r.PostFormValue("reason"))
		switch {
		case a.typed != "" && strings.TrimSpace(r.PostFormValue("typed")) != a.typed:
			return c.notDone(w, r, role, a, http.StatusBadRequest, "To confirm it, type "+a.typed+".")
		case a.reason == required && reason == "":
			return c.notDone(w, r, role, a, http.StatusBadRequest, "Say why: the audit log keeps it.")
		}
		if a.reason != notAsked {
			a.request.body = maps.Clone(a.request.body)
			if a.request.body == nil {
				a.request.body = map[string]any{}
			}
			a.request.body["reason"] = reason
		}
		answer, err := c.ask(r, a.request)
		if err != nil {
			return err
		}
		if !answer.ok() {
			return c.notDone(w, r, role, a, answer.status, cmp.Or(identityProblem(answer), answer.faultWords()))
		}
		if a.said != nil {
			a.done = a.said(answer.body)
		}
		c.notify(w, a.done)
		if a.then != nil {
			a.from = a.then(answer.body)
		}
		http.Redirect(w, r, c.path(a.from), http.StatusSeeOther)
		return nil
	})
}

// notDone says why an action was not done, and asks again.
func (c *Console) notDone(w http.ResponseWriter, r *http.Request, role Role, a action, status int, problem string) error {
	c.log.InfoContext(r.Context(), "not done from the console", slog.String("action", a.request.method+" "+a.request.path), slog.Int("status", status))
	c.render(w, r, status, c.frame(r, role, "Not done"), notDonePage(c.form(a), problem))
	return nil
}

// form is an action as a page shows it.
func (c *Console) form(a action) actionForm {
	shown := a.request
	if a.reason == required {
		shown.body = maps.Clone(shown.body)
		if shown.body == nil {
			shown.body = map[string]any{}
		}
		shown.body["reason"] = "…"
	}
	return actionForm{action: a, to: c.path(a.at), back: c.path(a.from), curl: c.curl(shown)}
}

// actionForm is what a page needs to show an action.
type actionForm struct {
	action
	to, back, curl string
}
