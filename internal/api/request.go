package api

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"mime"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/oklog/ulid/v2"

	"github.com/i-agent/iagent/internal/store"
)

const (
	// maxBody bounds a request body, in bytes.
	maxBody = 1 << 20
	// defaultLimit and maxLimit bound one part of a list; a larger limit is reduced to maxLimit.
	defaultLimit, maxLimit = 50, 200
)

// decode reads a request's JSON object into v. Unknown fields are refused, so that a mistyped one is not ignored.
func decode(w http.ResponseWriter, r *http.Request, v any) error {
	media, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	charset := params["charset"]
	if err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
		return &problem{status: http.StatusUnsupportedMediaType, message: "Content-Type must be application/json"}
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	var tooLarge *http.MaxBytesError
	if errors.As(err, &tooLarge) {
		return &problem{status: http.StatusRequestEntityTooLarge, message: "Body is over 1 MiB"}
	}
	if err != nil {
		return badRequest("Body cannot be read")
	}
	body = bytes.TrimLeft(body, " \t\r\n")
	if !utf8.Valid(body) {
		return badRequest("Malformed JSON: not UTF-8")
	}
	if len(body) == 0 || body[0] != '{' {
		return badRequest("Body must be a JSON object")
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(v); err != nil {
		return malformed(err)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return badRequest("Malformed JSON: more than one value")
	}
	return nil
}

func malformed(err error) error {
	var wrongType *json.UnmarshalTypeError
	if errors.As(err, &wrongType) {
		article := "a"
		if strings.ContainsRune("aeiou", rune(wrongType.Value[0])) {
			article = "an"
		}
		// Go names the struct that is embedded in a body, too; no field of ours is called so.
		field := strings.TrimPrefix(wrongType.Field, "calling.")
		return badRequest(fmt.Sprintf("Malformed JSON: %s must not be %s %s", field, article, wrongType.Value))
	}
	reason := strings.TrimPrefix(err.Error(), "json: ")
	if errors.Is(err, io.ErrUnexpectedEOF) {
		reason = "it ends too early"
	}
	return badRequest("Malformed JSON: " + reason)
}

// listQuery reads the query of a list: limit, cursor and the filters, which its caller reads. Any other parameter is refused,
// so that a mistyped filter does not list everything.
func listQuery(r *http.Request, filters ...string) (url.Values, store.Page, error) {
	page := store.Page{Limit: defaultLimit}
	query, err := queryOf(r, append([]string{"limit", "cursor"}, filters...)...)
	if err != nil {
		return nil, page, err
	}
	if text := query.Get("limit"); text != "" {
		n, err := strconv.Atoi(text)
		if err != nil && !errors.Is(err, strconv.ErrRange) || n < 1 {
			return nil, page, badRequest("limit must be a number from 1 to " + strconv.Itoa(maxLimit))
		}
		page.Limit = min(n, maxLimit)
	}
	if page.After = query.Get("cursor"); page.After != "" {
		if _, err := ulid.ParseStrict(page.After); err != nil {
			return nil, page, badRequest("cursor is not one of ours")
		}
	}
	return query, page, nil
}

// queryOf reads a query that has the allowed parameters alone, each at most once but for status.
func queryOf(r *http.Request, allowed ...string) (url.Values, error) {
	query, err := url.ParseQuery(r.URL.RawQuery)
	if err != nil {
		return nil, badRequest("Malformed query")
	}
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(allowed, name) {
			use := "there is none here"
			if len(allowed) > 0 {
				use = "use " + strings.Join(allowed, ", ")
			}
			return nil, badRequest(fmt.Sprintf("Unknown query parameter %q: %s", excerpt(name), use))
		}
	}
	return query, single(query, "status")
}

// queryID reads an id to filter by, "" when there is none.
func queryID(query url.Values, name string) (string, error) {
	id := query.Get(name)
	if id != "" && !store.PlausibleID(id) {
		return "", badRequest(name + " is not an id")
	}
	return id, nil
}

// list is a part of a list.
type list[T any] struct {
	Items []T     `json:"items"`
	Next  *string `json:"next"`
}

func newList[From, To any](from store.List[From], convert func(From) To) list[To] {
	out := list[To]{Items: each(from.Items, convert), Next: nullIfZero(from.Next)}
	return out
}

// each converts a slice, and never returns nil: JSON would make it null.
func each[From, To any](from []From, convert func(From) To) []To {
	to := make([]To, len(from))
	for i, v := range from {
		to[i] = convert(v)
	}
	return to
}

// nullIfZero is nil, which JSON writes as null, for the zero value.
func nullIfZero[T comparable](v T) *T {
	var zero T
	if v == zero {
		return nil
	}
	return &v
}
