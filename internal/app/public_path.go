package app

import (
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// publicPath is the path of a public base URL, byte for byte and without its last slash; "" for most.
func publicPath(baseURL string) string {
	_, rest, _ := strings.Cut(baseURL, "://")
	if slash := strings.IndexByte(rest, '/'); slash >= 0 {
		return strings.TrimRight(rest[slash:], "/")
	}
	return ""
}

// underPath serves next below the path of the public URL, whatever the proxy in front of it does with that path: cuts it off,
// keeps it, escapes it otherwise, or leaves two slashes in its place. To next, signatures included, all of them are the request
// line that a proxy leaves which cuts it off, so that the public URL and the request line together are what Twilio called.
func underPath(prefix string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		target, ok := cutPath(r.RequestURI, prefix)
		if !ok {
			next.ServeHTTP(w, r)
			return
		}
		parsed, err := url.ParseRequestURI(target)
		if err != nil {
			next.ServeHTTP(w, r)
			return
		}
		cut := r.WithContext(r.Context())
		cut.RequestURI, cut.URL = target, parsed
		next.ServeHTTP(w, cut)
	})
}

// cutPath cuts the prefix off the path of a request target, and all but one of the slashes before what is left. It is false
// when there is nothing to cut. The query stays byte for byte.
func cutPath(target, prefix string) (string, bool) {
	if !strings.HasPrefix(target, "/") {
		return "", false // no path of ours
	}
	path, query := target, ""
	if i := strings.IndexAny(target, "?#"); i >= 0 {
		path, query = target[:i], target[i:]
	}
	short := "/" + strings.TrimLeft(path, "/")
	if rest, ok := cutSegments(short, prefix); ok {
		if rest = "/" + strings.TrimLeft(rest, "/"); !ours(prefix) || ours(rest) {
			short = rest
		}
	}
	return short + query, short != path
}

// ours says whether a path begins as those that are served here. A prefix that does, too, is cut off only what would begin so
// without it: below https://example.com/api, /api/calls has lost its prefix already, and /api/api/calls has not.
func ours(path string) bool {
	first, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	return slices.Contains([]string{"api", "console", "healthz", "readyz", "metrics"}, first)
}

// cutSegments cuts a prefix of whole path segments, compared as they are meant and not as they are escaped.
func cutSegments(path, prefix string) (rest string, ok bool) {
	if prefix == "" {
		return "", false
	}
	have, want := strings.Split(path, "/"), strings.Split(prefix, "/")
	if len(have) < len(want) {
		return "", false
	}
	for i := range want {
		if have[i] == want[i] {
			continue
		}
		a, err := url.PathUnescape(have[i])
		if err != nil {
			return "", false
		}
		if b, err := url.PathUnescape(want[i]); err != nil || a != b {
			return "", false
		}
	}
	return "/" + strings.Join(have[len(want):], "/"), true
}
