package console

import "net/http"

// AdminOnly is next for an Admin, from the pages themselves or a program with the token. It is for River's pages, which know
// no roles, and have their own Content-Security-Policy.
func (c *Console) AdminOnly(next http.Handler) http.Handler {
	return protect(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch role := c.access.who(r).role; role {
		case Admin:
			next.ServeHTTP(w, r)
		case Nobody:
			c.askToSignIn(w, r)
		default:
			c.render(w, r, http.StatusForbidden, c.frame(r, role, "Not for viewers"), messagePage("Not for viewers", "This page needs ADMIN_TOKEN."))
		}
	}))
}
