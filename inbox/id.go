package inbox

import (
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"unicode/utf8"
)

// maxSid bounds a Sid that becomes part of an id; Twilio's own have 34 characters.
const maxSid = 64

// ID returns the deduplication key of one of Twilio's callbacks of a call, from the decoded parameters of its body and
// of its signed query:
//
//	voice       {CallSid}:voice
//	status      {CallSid}:status:{CallStatus}
//	recording   {CallSid}:recording:{RecordingSid} for one that ended: completed, absent, failed, or not said
//	            …:{RecordingStatus} for any other status, in-progress first of all
//	consent     {CallSid}:consent, with :{n} appended for the query parameter attempt=n, n >= 2
//
// A key of the CallSid and the callback alone would swallow real events: Twilio sends a status callback for every
// status of a call, a recording callback for every recording, and for its start as well as its end (Twilio: Call
// resource, StatusCallbackEvent; Recording, RecordingStatusCallbackEvent).
//
// A parameter that is missing or cannot be part of a key is a [*Refusal] with status 400 and the reason "Missing
// CallSid", "Missing CallStatus", "Missing RecordingSid", "Invalid CallSid" … or "Invalid attempt". A kind other than
// the four is a plain error, since it is a fault of the program: give kinds of your own an id that tells their events
// apart.
func ID(kind Kind, form, query url.Values) (string, error) {
	switch kind {
	case KindVoice, KindStatus, KindRecording, KindConsent:
	default:
		return "", fmt.Errorf("no rule for the id of a webhook of kind %q", kind)
	}
	call, err := sid(form, "CallSid")
	if err != nil {
		return "", err
	}
	id := call + ":" + string(kind)
	switch kind {
	case KindStatus:
		status, err := sid(form, "CallStatus")
		if err != nil {
			return "", err
		}
		id += ":" + status
	case KindRecording:
		recording, err := sid(form, "RecordingSid")
		if err != nil {
			return "", err
		}
		id += ":" + recording
		switch form.Get("RecordingStatus") {
		case "", "completed", "absent", "failed":
		default:
			status, err := sid(form, "RecordingStatus")
			if err != nil {
				return "", err
			}
			id += ":" + status
		}
	case KindConsent:
		n, err := attempt(query)
		if err != nil {
			return "", err
		}
		if n >= 2 {
			id += ":" + strconv.Itoa(n)
		}
	}
	return id, nil
}

// sid returns the parameter called name, which must be short and printable: databases refuse a NUL in text, and a colon
// would let two different events share a key.
func sid(form url.Values, name string) (string, error) {
	value := form.Get(name)
	if value == "" {
		return "", Refuse(http.StatusBadRequest, "Missing "+name)
	}
	invalid := func(r rune) bool { return r <= ' ' || r >= utf8.RuneSelf || r == ':' || r == 0x7f }
	if len(value) > maxSid || strings.ContainsFunc(value, invalid) {
		return "", Refuse(http.StatusBadRequest, "Invalid "+name)
	}
	return value, nil
}

// attempt returns the number of times that the consent question was asked, 1 when the query does not say.
func attempt(query url.Values) (int, error) {
	value := query.Get("attempt")
	if value == "" {
		return 1, nil
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 {
		return 0, Refuse(http.StatusBadRequest, "Invalid attempt")
	}
	return n, nil
}
