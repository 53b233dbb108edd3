package api

import (
	"context"
	"net/http"
)

// admittedKey is the key of a context whose request needs no token.
type admittedKey struct{}

// Admit sends requests to the API that it answers as if they carried ADMIN_TOKEN: those that this process itself makes, for
// somebody whom it has asked for the token already. It must not be served.
func Admit(rest http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		rest.ServeHTTP(w, r.WithContext(context.WithValue(r.Context(), admittedKey{}, true)))
	})
}

// admitted sends a request of Admit to next and any other to others.
func admitted(next, others http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Context().Value(admittedKey{}) == true {
			next.ServeHTTP(w, r)
			return
		}
		others.ServeHTTP(w, r)
	})
}
