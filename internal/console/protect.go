package console

import "net/http"

// contentSecurity lets the pages load their own scripts, styles, pictures and sounds, send forms to themselves, and nothing
// else; no other site may frame them.
const contentSecurity = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; media-src 'self'; connect-src 'self'; " +
	"form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

// protect sets what each answer tells a browser, and refuses what another site has a browser do. It goes by Fetch Metadata,
// and by Origin in browsers that do not send it; a request of neither is no browser's.
func protect(next http.Handler) http.Handler {
	own := http.NewCrossOriginProtection()
	own.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "Forbidden: sent by another site", http.StatusForbidden)
	}))
	checked := own.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		header := w.Header()
		header.Set("Content-Security-Policy", contentSecurity)
		header.Set("X-Content-Type-Options", "nosniff")
		header.Set("Referrer-Policy", "same-origin")
		header.Set("Cross-Origin-Opener-Policy", "same-origin")
		header.Set("Cross-Origin-Resource-Policy", "same-origin")
		checked.ServeHTTP(w, r)
	})
}
