package twilio

import "sync"

// tokens are the auth tokens of an account: its primary one and, while they are rotated, the secondary one. Whichever
// Twilio accepted last is tried first.
type tokens struct {
	primary, secondary string
	// switched, if set, is called at every change.
	switched func(secondary bool)

	mu             sync.Mutex
	usingSecondary bool
}

// both are the token to try, and the one to try after a 401, "" for none.
func (t *tokens) both() (first, other string) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if t.usingSecondary {
		return t.secondary, t.primary
	}
	return t.primary, t.secondary
}

// use says which token Twilio accepted.
func (t *tokens) use(token string) {
	t.mu.Lock()
	secondary := token == t.secondary
	changed := secondary != t.usingSecondary
	t.usingSecondary = secondary
	t.mu.Unlock()
	if changed && t.switched != nil {
		t.switched(secondary)
	}
}
