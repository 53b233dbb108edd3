package inbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxPart bounds a parameter that becomes part of an id, in bytes. Twilio's own Sids have 34.
const maxPart = 64

// ID returns the deduplication key of a Twilio webhook, from its decoded parameters (form) and those of its signed URL
// (query). For a GET both are the same.
//
//	voice           {CallSid}:voice
//	gather          {CallSid}:gather, with :{n} appended for the query parameter attempt=n, n >= 2
//	status          {CallSid}:status:{CallStatus}
//	recording       {CallSid}:recording:{RecordingSid} for one that ended: completed, absent, failed, or not said
//	                …:{RecordingStatus} for any other status, in-progress first of all
//	message         {MessageSid}:message, with :{n} appended for attempt=n, n >= 2
//	message-status  {MessageSid}:message-status:{MessageStatus}
//	verify          {uuid}:verify:{type}
//	studio          {ExecutionSid}:studio:{Widget}, with :{n} appended for attempt=n, n >= 2
//	conversation    {Sid}:conversation:{EventType}, with what tells its repetitions apart:
//	                onConversationAdded, Removed          ConversationSid
//	                onConversationUpdated                 ConversationSid, DateUpdated
//	                onConversationStateUpdated            ConversationSid, StateUpdated
//	                onMessageAdded, Removed               MessageSid
//	                onMessageUpdated                      MessageSid, DateUpdated
//	                onParticipantAdded, Removed           ParticipantSid
//	                onParticipantUpdated                  ParticipantSid, DateUpdated
//	                onDeliveryUpdated                     DeliveryReceiptSid, Status
//	                onUserAdded                           UserSid
//	                onUserUpdated                         UserSid, DateUpdated
//
// The program counts the attempts of gather, message and studio itself, in the URLs that it gives Twilio: see [KindGather].
//
// A key of the CallSid and the kind alone would lose real events: Twilio sends a status callback for every status of a
// call or a message, and a recording callback for every recording, for its start as well as its end. An older account
// may send SmsSid and SmsStatus in place of MessageSid and MessageStatus; they count the same.
//
// Studio's Make HTTP Request widget sends the parameters that the flow's author gives it, and no others. Give it
// ExecutionSid, with the value {{flow.sid}}, and Widget, with the name of the widget, and AccountSid where subaccounts have
// tokens of their own: a request that names no account is verified with the main token only, and so are Verify's, whose
// parameter is account_sid. Add attempt to the URL where a flow may come to the same widget again. A TwiML Redirect widget sends the parameters of the call or message itself: use
// voice or message.
//
// The pre-action webhooks of Conversations (onMessageAdd …) have no rule: they ask for a decision about something that
// has no Sid yet.
//
// A parameter that is missing or cannot be part of a key is a [*Refusal] with status 400 and the reason "Missing
// CallSid", "Missing CallStatus", "Invalid CallSid" … or "Invalid attempt". A kind or an EventType without a rule is a
// plain error, since it is a fault of the program: set [Config].Identify.
//
// Sources, at www.twilio.com/docs: voice/api/call-resource (StatusCallbackEvent), voice/api/recording
// (RecordingStatusCallbackEvent), messaging/guides/webhook-request,
// messaging/guides/outbound-message-status-in-status-callbacks, verify/api/webhooks,
// studio/widget-library/http-request, conversations/conversations-webhooks.
func ID(kind Kind, form, query url.Values) (string, error) {
	k := key{form: form}
	switch kind {
	case KindVoice:
		k.begin("CallSid", kind)
	case KindGather:
		k.begin("CallSid", kind)
		k.addAttempt(query)
	case KindStatus:
		k.begin("CallSid", kind)
		k.add("CallStatus")
	case KindRecording:
		k.begin("CallSid", kind)
		k.add("RecordingSid")
		switch form.Get("RecordingStatus") {
		case "", "completed", "absent", "failed":
		default:
			k.add("RecordingStatus")
		}
	case KindMessage:
		k.begin(present(form, "MessageSid", "SmsSid"), kind)
		k.addAttempt(query)
	case KindMessageStatus:
		k.begin(present(form, "MessageSid", "SmsSid"), kind)
		k.add(present(form, "MessageStatus", "SmsStatus"))
	case KindVerify:
		k.begin("uuid", kind)
		k.add("type")
	case KindStudio:
		k.begin("ExecutionSid", kind)
		k.add("Widget")
		k.addAttempt(query)
	case KindConversation:
		k.conversation()
	default:
		return "", fmt.Errorf("no rule for the id of a webhook of kind %q", kind)
	}
	if k.err != nil {
		return "", k.err
	}
	return k.text, nil
}

// hasRule says whether ID knows the kind.
func hasRule(kind Kind) bool {
	switch kind {
	case KindVoice, KindGather, KindStatus, KindRecording, KindMessage, KindMessageStatus, KindVerify, KindStudio, KindConversation:
		return true
	}
	return false
}

// present returns the first of two names that has a value, or the first name if none has.
func present(form url.Values, name, older string) string {
	if form.Get(name) == "" && form.Get(older) != "" {
		return older
	}
	return name
}

// key is an id that is being put together from the parameters of a form. Its first error stays.
type key struct {
	form url.Values
	text string
	err  error
}

func (k *key) begin(name string, kind Kind) { k.text = k.part(name, ":") + ":" + string(kind) }

func (k *key) add(name string) { k.text += ":" + k.part(name, ":") }

// addLast is add for a time, whose colons do no harm at the end of the key.
func (k *key) addLast(name string) { k.text += ":" + k.part(name, "") }

// part returns a parameter, which must be short and printable: databases refuse a NUL in text, and a colon (a forbidden
// byte) would let two different events share a key.
func (k *key) part(name, forbidden string) string {
	value := k.form.Get(name)
	invalid := func(r rune) bool {
		return r <= ' ' || r >= utf8.RuneSelf || r == 0x7f || strings.ContainsRune(forbidden, r)
	}
	switch {
	case k.err != nil:
	case value == "":
		k.err = Refuse(http.StatusBadRequest, "Missing "+name)
	case len(value) > maxPart || strings.ContainsFunc(value, invalid):
		k.err = Refuse(http.StatusBadRequest, "Invalid "+name)
	}
	return value
}

// addAttempt adds the number of times that the program asked, from 2 on. A query that does not say is the first time.
func (k *key) addAttempt(query url.Values) {
	value := query.Get("attempt")
	if value == "" || k.err != nil {
		return
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		k.err = Refuse(http.StatusBadRequest, "Invalid attempt")
	}
	if n >= 2 {
		k.text += ":" + strconv.Itoa(n)
	}
}

// conversation adds what identifies a post-action webhook of Conversations.
func (k *key) conversation() {
	sid, repeated := "ConversationSid", ""
	event := k.part("EventType", ":")
	switch event {
	case "onConversationAdded", "onConversationRemoved":
	case "onConversationUpdated":
		repeated = "DateUpdated"
	case "onConversationStateUpdated":
		repeated = "StateUpdated"
	case "onMessageAdded", "onMessageRemoved":
		sid = "MessageSid"
	case "onMessageUpdated":
		sid, repeated = "MessageSid", "DateUpdated"
	case "onParticipantAdded", "onParticipantRemoved":
		sid = "ParticipantSid"
	case "onParticipantUpdated":
		sid, repeated = "ParticipantSid", "DateUpdated"
	case "onDeliveryUpdated":
		sid, repeated = "DeliveryReceiptSid", "Status"
	case "onUserAdded":
		sid = "UserSid"
	case "onUserUpdated":
		sid, repeated = "UserSid", "DateUpdated"
	default:
		if k.err == nil {
			k.err = fmt.Errorf("no rule for the id of a Conversations webhook with EventType %q", event)
		}
		return
	}
	k.begin(sid, KindConversation)
	k.text += ":" + event
	if repeated != "" {
		k.addLast(repeated)
	}
}
