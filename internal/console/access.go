package console

import (
	"crypto/hkdf"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"net/http"
	"net/url"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Role is what somebody may do.
type Role byte

// The roles.
const (
	Nobody Role = iota // has not signed in
	Viewer             // reads; phone numbers are masked
	Admin              // reads and acts
)

// Access says who may see the pages.
type Access struct {
	// AdminToken is the password of the role Admin. Without one only Local requests are served, as those of an Admin.
	AdminToken string
	// ViewerToken, if set, is the password of the role Viewer.
	ViewerToken string
	// Local reports whether this machine itself makes the request, and no proxy.
	Local func(r *http.Request) bool
	// SecureHost is a host that browsers reach with https: a session that is started there is never sent without. "" is none.
	SecureHost string
}

// sessionCookie names the cookie of a session: its role, its end, and an HMAC of both.
const sessionCookie = "iagent_session"

// sessionLength is how long somebody stays signed in.
const sessionLength = 12 * time.Hour

// maxName is how many characters of a name are kept.
const maxName = 60

// access decides who somebody is. The key of its sessions comes from the tokens: sessions survive a restart, hold on every
// server with the same tokens, and end when a token is replaced.
type access struct {
	Access
	key []byte
	now func() time.Time
}

func newAccess(config Access, now func() time.Time) *access {
	// The length keeps the two tokens apart.
	secret := binary.BigEndian.AppendUint64(nil, uint64(len(config.AdminToken)))
	secret = append(append(secret, config.AdminToken...), config.ViewerToken...)
	key, err := hkdf.Key(sha256.New, secret, nil, "iagent console session", sha256.Size)
	if err != nil {
		panic(err) // only for a key that is too long
	}
	return &access{Access: config, key: key, now: now}
}

// open reports whether nobody needs to sign in.
func (a *access) open() bool { return a.AdminToken == "" }

// visitor is who makes a request. The name is what somebody signed in with, for the audit log; nobody has checked it.
type visitor struct {
	role Role
	name string
}

// visitorKey is the key of a context that has the visitor.
type visitorKey struct{}

// whoAsks is the visitor of a request that a page serves.
func whoAsks(r *http.Request) visitor {
	who, _ := r.Context().Value(visitorKey{}).(visitor)
	return who
}

// actor is the visitor's name in the audit log.
func (v visitor) actor() string {
	if v.name == "" {
		return "console"
	}
	return "console:" + v.name
}

// who says who makes a request: by a session, a bearer token, or HTTP Basic with the token as the password and any name.
func (a *access) who(r *http.Request) visitor {
	if a.open() {
		if a.Local != nil && a.Local(r) {
			return visitor{role: Admin}
		}
		return visitor{}
	}
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		if who := a.session(cookie.Value); who.role != Nobody {
			return who
		}
	}
	if name, password, ok := r.BasicAuth(); ok {
		return visitor{a.roleOf(password), plainName(name)}
	}
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, "Bearer") {
		return visitor{role: a.roleOf(strings.TrimSpace(token))}
	}
	return visitor{}
}

// plainName is a name without what does not belong in one, and not too long.
func plainName(name string) string {
	name = strings.TrimSpace(strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == utf8.RuneError {
			return -1
		}
		return r
	}, name))
	if runes := []rune(name); len(runes) > maxName {
		return string(runes[:maxName])
	}
	return name
}

// roleOf is the role of a password.
func (a *access) roleOf(password string) Role {
	switch {
	case password == "":
		return Nobody
	case equal(password, a.AdminToken):
		return Admin
	case a.ViewerToken != "" && equal(password, a.ViewerToken):
		return Viewer
	}
	return Nobody
}

// equal takes the same time wherever two texts differ, and whatever their lengths.
func equal(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// newSession is the value of a cookie: role, end, random bytes, name, HMAC-SHA256.
func (a *access) newSession(who visitor) string {
	value := binary.BigEndian.AppendUint64([]byte{byte(who.role)}, uint64(a.now().Add(sessionLength).Unix()))
	value = append(value, make([]byte, 8)...)
	_, _ = rand.Read(value[9:])
	value = append(value, who.name...)
	return base64.RawURLEncoding.EncodeToString(append(value, a.sum(value)...))
}

// session is the visitor of a cookie's value.
func (a *access) session(cookie string) visitor {
	value, err := base64.RawURLEncoding.DecodeString(cookie)
	end := len(value) - sha256.Size
	if err != nil || end < 17 || !hmac.Equal(value[end:], a.sum(value[:end])) {
		return visitor{}
	}
	if a.now().Unix() >= int64(binary.BigEndian.Uint64(value[1:])) {
		return visitor{}
	}
	return visitor{Role(value[0]), string(value[17:end])}
}

func (a *access) sum(value []byte) []byte {
	mac := hmac.New(sha256.New, a.key)
	_, _ = mac.Write(value)
	return mac.Sum(nil)
}

// askToSignIn leads a browser to the page where it is done, and tells anything else that it must.
func (c *Console) askToSignIn(w http.ResponseWriter, r *http.Request) {
	if c.access.open() {
		c.render(w, r, http.StatusForbidden, c.frame(r, Nobody, "Not from here"), messagePage("Not from here",
			"Without ADMIN_TOKEN the console is shown to this machine alone, and to nobody behind a proxy. Set ADMIN_TOKEN to open it to others."))
		return
	}
	if r.Method != http.MethodGet && r.Method != http.MethodHead || !strings.Contains(r.Header.Get("Accept"), "text/html") {
		w.Header().Set("WWW-Authenticate", `Basic realm="i-agent console", charset="UTF-8"`)
		http.Error(w, "Unauthorized", http.StatusUnauthorized)
		return
	}
	http.Redirect(w, r, c.path("/sign-in")+"?next="+url.QueryEscape(r.URL.RequestURI()), http.StatusSeeOther)
}

func (c *Console) signInPage(w http.ResponseWriter, r *http.Request) {
	c.render(w, r, http.StatusOK, c.frame(r, Nobody, "Sign in"), signInForm(c.path("/sign-in"), c.next(r.URL.Query().Get("next")), ""))
}

// signIn starts a session for whoever knows a token.
func (c *Console) signIn(w http.ResponseWriter, r *http.Request) {
	r.Body = http.MaxBytesReader(w, r.Body, 4<<10)
	next := c.next(r.PostFormValue("next"))
	role := c.access.roleOf(r.PostFormValue("token"))
	if role == Nobody || c.access.open() {
		c.render(w, r, http.StatusUnauthorized, c.frame(r, Nobody, "Sign in"),
			signInForm(c.path("/sign-in"), next, "That is neither ADMIN_TOKEN nor VIEWER_TOKEN of this server."))
		return
	}
	c.setSession(w, r, c.access.newSession(visitor{role, plainName(r.PostFormValue("name"))}), int(sessionLength/time.Second))
	http.Redirect(w, r, c.prefix+next, http.StatusSeeOther)
}

func (c *Console) signOut(w http.ResponseWriter, r *http.Request) {
	if cookie, err := r.Cookie(sessionCookie); err == nil {
		c.live.endSession(cookie.Value)
	}
	c.setSession(w, r, "", -1)
	http.Redirect(w, r, c.path("/sign-in"), http.StatusSeeOther)
}

func (c *Console) setSession(w http.ResponseWriter, r *http.Request, value string, maxAge int) {
	http.SetCookie(w, &http.Cookie{
		Name: sessionCookie, Value: value, Path: c.path(""), MaxAge: maxAge,
		HttpOnly: true, Secure: c.access.SecureHost != "" && r.Host == c.access.SecureHost, SameSite: http.SameSiteLaxMode, // a link in a chat leads to a page; changes are checked by protect
	})
}

// next is a page of the console, without the prefix: where somebody wanted to go. Anything else is its first page.
func (c *Console) next(wanted string) string {
	u, err := url.Parse(wanted)
	if err != nil || u.IsAbs() || u.Host != "" || u.User != nil || !strings.HasPrefix(u.Path, "/console/") || strings.ContainsAny(wanted, "\\\r\n") {
		return "/console/calls"
	}
	return u.RequestURI()
}
