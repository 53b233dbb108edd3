package console

import (
	"encoding/base64"
	"net/http"
	"unicode/utf8"
)

// noticeCookie has what the next page says once: that something was done. Nothing is decided by it.
const noticeCookie = "iagent_notice"

func (c *Console) notify(w http.ResponseWriter, text string) {
	c.setNotice(w, base64.RawURLEncoding.EncodeToString([]byte(text)), 60)
}

func (c *Console) setNotice(w http.ResponseWriter, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{Name: noticeCookie, Value: value, Path: c.path(""), MaxAge: maxAge, HttpOnly: true, SameSite: http.SameSiteStrictMode})
}

// notice is what the page says, "" for nothing.
func notice(r *http.Request) string {
	cookie, err := r.Cookie(noticeCookie)
	if err != nil {
		return ""
	}
	text, err := base64.RawURLEncoding.DecodeString(cookie.Value)
	if err != nil || len(text) > 200 || !utf8.Valid(text) {
		return ""
	}
	return string(text)
}
