package twilio

import (
	"encoding/json"
	"errors"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	api "github.com/twilio/twilio-go/rest/api/v2010"
)

// Twilio's identifiers are two letters and 32 hexadecimal digits (Twilio: String identifier).
var (
	callSid      = regexp.MustCompile(`^CA[0-9a-fA-F]{32}$`)
	recordingSid = regexp.MustCompile(`^RE[0-9a-fA-F]{32}$`)
)

// Answers with a status of success that must not be believed. Somebody else may have given them: a proxy, a maintenance
// page, a server behind a wrong base URL.
var (
	errNoCall     = errors.New("answer is not the call that was asked for")
	errNoList     = errors.New("answer is not the list that was asked for")
	errNotTwilios = errors.New("answer is not in Twilio's form")
)

// maxPages bounds how far a list is followed. One that goes on is not known to its end, and so proves nothing.
const maxPages = 20

// problem is the body of a request that Twilio refused (Twilio: REST API responses).
type problem struct {
	Code    int
	Message string
}

// problem reads the last answer as Twilio's description of an error. It reports false when the answer has another form:
// then somebody between us and Twilio may have given it.
func (x *exchange) problem() (problem, bool) {
	x.mu.Lock()
	defer x.mu.Unlock()
	var p struct {
		Code    *int    `json:"code"`
		Message *string `json:"message"`
		Status  *int    `json:"status"`
	}
	if json.Unmarshal(x.body, &p) != nil || p.Code == nil || *p.Code <= 0 || p.Message == nil ||
		p.Status != nil && *p.Status != x.status {
		return problem{}, false
	}
	return problem{*p.Code, *p.Message}, true
}

// fetch gets a path of the API, below the account, and returns the body of a 200 that is JSON.
func (x *exchange) fetch(target string) ([]byte, error) {
	req, err := http.NewRequestWithContext(x.ctx, http.MethodGet, x.client.base.Scheme+"://"+x.client.base.Host+target, nil)
	if err != nil {
		return nil, err
	}
	req.Header.Set("Accept", "application/json")
	if agent := x.client.config.UserAgent; agent != "" {
		req.Header.Set("User-Agent", agent)
	}
	resp, err := x.httpClient().Do(req)
	if err != nil {
		return nil, err
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		return nil, errNotTwilios
	}
	kind, _, err := mime.ParseMediaType(resp.Header.Get("Content-Type"))
	if err != nil || kind != "application/json" && !strings.HasSuffix(kind, "+json") {
		return nil, fmt.Errorf("%w: it is %.40q, not JSON", errNotTwilios, resp.Header.Get("Content-Type"))
	}
	return x.body, nil
}

// httpClient follows no redirect: a request repeated elsewhere may be a second call.
func (x *exchange) httpClient() *http.Client {
	return &http.Client{
		Transport:     x,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// list reads a list to its end and hands every row to each. It is an error, and nothing of the list is to be believed,
// unless every page has the array of that name, leads to the next page of the same list and is not the first of too many,
// and each accepts every row.
func (x *exchange) list(path string, query url.Values, name string, each func(row json.RawMessage) error) error {
	seen := map[string]bool{}
	for target := path + "?" + query.Encode(); target != ""; {
		if seen[target] || len(seen) == maxPages {
			return fmt.Errorf("%w: it does not end", errNoList)
		}
		seen[target] = true
		body, err := x.fetch(target)
		if err != nil {
			return err
		}
		var page map[string]json.RawMessage
		var rows []json.RawMessage
		if json.Unmarshal(body, &page) != nil || json.Unmarshal(page[name], &rows) != nil || rows == nil {
			return fmt.Errorf("%w: it has no array of %s", errNoList, name)
		}
		for _, row := range rows {
			if err := each(row); err != nil {
				return fmt.Errorf("%w: %w", errNoList, err)
			}
		}
		if target, err = x.nextPage(page["next_page_uri"], path); err != nil {
			return err
		}
	}
	return nil
}

// nextPage is where a list goes on, "" at its end. It must be the same list at the same place.
func (x *exchange) nextPage(raw json.RawMessage, path string) (string, error) {
	var uri *string
	if len(raw) > 0 && json.Unmarshal(raw, &uri) != nil {
		return "", fmt.Errorf("%w: its next page is not a text", errNoList)
	}
	if text(uri) == "" {
		return "", nil
	}
	u, err := url.Parse(*uri)
	base := x.client.base
	if err != nil || u.User != nil || u.Host != "" && (u.Scheme != base.Scheme || !strings.EqualFold(u.Host, base.Host)) ||
		u.Path != path && u.Path != base.Path+path {
		return "", fmt.Errorf("%w: its next page is elsewhere", errNoList)
	}
	return path + "?" + u.RawQuery, nil
}

// readCall reads a call that Twilio shows, one of this account.
func (c *Client) readCall(raw json.RawMessage) (RemoteCall, error) {
	var row api.ApiV2010Call
	if err := json.Unmarshal(raw, &row); err != nil {
		return RemoteCall{}, errors.New("a call in another form")
	}
	call := placedCall(&row)
	switch {
	case !callSid.MatchString(call.Sid):
		return RemoteCall{}, errors.New("a call without a well-formed sid")
	case call.AccountSid != c.config.AccountSid:
		return RemoteCall{}, errors.New("a call of another account")
	case call.Status == "":
		return RemoteCall{}, errors.New("a call without a status")
	case text(row.DateCreated) != "" && call.Created.IsZero():
		return RemoteCall{}, errors.New("a call whose time of creation cannot be read")
	}
	return call, nil
}

var formatting = strings.NewReplacer(" ", "", "-", "", ".", "", "(", "", ")", "", "+", "")

// SameNumber reports whether two texts are the same phone number: Twilio gives E.164, whatever a number was written like.
func SameNumber(a, b string) bool {
	return a == b || a != "" && b != "" && formatting.Replace(a) == formatting.Replace(b)
}
