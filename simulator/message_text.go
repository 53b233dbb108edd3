package simulator

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"unicode/utf8"
)

// TextOptions describe a message from a person to the application. From and To are required.
type TextOptions struct {
	From, To string // E.164; From is the person, To the application's number
	// Body is the text; empty is what the person's script says first, or a greeting.
	Body string
	// Messaging is where the application is told of the conversation; without a URL it is [Config.Messaging].
	Messaging Messaging
}

// Text sends a message from a person to the application, and returns its MessageSid at once. The person goes on with their script
// whenever the application writes back. The conversation is cut short when ctx ends.
func (s *Simulator) Text(ctx context.Context, o TextOptions) (string, error) {
	if o.Messaging.URL == "" {
		o.Messaging = s.config.Messaging
	}
	switch {
	case !e164.MatchString(o.From):
		return "", fmt.Errorf("texting: the sender %q is not a phone number", o.From)
	case !s.owns(o.To):
		return "", fmt.Errorf("texting: the recipient %q is not a number of the application", o.To)
	case !absolute(o.Messaging.URL):
		return "", fmt.Errorf("texting: %q is not a URL for messages", o.Messaging.URL)
	case utf8.RuneCountInString(o.Body) > maxMessage:
		return "", fmt.Errorf("texting: the body is longer than %d characters", maxMessage)
	}
	if err := context.Cause(ctx); err != nil {
		return "", fmt.Errorf("texting: %w", err)
	}
	s.mu.Lock()
	if s.closed {
		s.mu.Unlock()
		return "", errors.New("texting: the simulator is closed")
	}
	conversation := s.conversationOf(o.From, o.To, o.Messaging)
	body := o.Body
	if body == "" {
		reply, _, _ := conversation.state.turn()
		body = cmp.Or(reply.Say+reply.Digits, conversation.state.script.Greeting, "Hello")
	}
	n := s.texted[o.From]
	s.texted[o.From]++
	m := s.newMessage("text "+callKey(o.From, n), o.From, s.config.Now().UTC(), message{conversation: conversation,
		direction: "inbound", number: o.To, body: body, status: "receiving"})
	s.mu.Unlock()
	s.startMessage(ctx, m)
	return m.sid, nil
}
