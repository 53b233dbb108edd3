package inbox

import (
	"bytes"
	"encoding/json"
	"errors"
	"net/http"
	"strconv"
	"strings"
)

// DuplicateHeader is set to "true" in the answer to a delivery whose event took effect before.
const DuplicateHeader = "X-Webhook-Duplicate"

const (
	jsonType      = "application/json"
	jsonSuccess   = `{"success":true}`
	jsonDuplicate = `{"success":true,"duplicate":true}`
	twimlType     = "text/xml"
	twimlEmpty    = `<?xml version="1.0" encoding="UTF-8"?><Response></Response>`
)

// WriteError answers {"error":reason}, the form of every webhook's error.
func WriteError(w http.ResponseWriter, status int, reason string) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	_ = encoder.Encode(struct { // a string cannot fail
		Error string `json:"error"`
	}{reason})
	write(w, status, jsonType, bytes.TrimSuffix(text.Bytes(), []byte("\n")))
}

// answerEvent answers a verified webhook.
func answerEvent(w http.ResponseWriter, r *http.Request, e *Event, result Result, err error) {
	var refusal *Refusal
	switch {
	case isRefusal(err, &refusal):
		WriteError(w, refusal.Status, refusal.Reason)
		return
	case err != nil:
		WriteError(w, http.StatusInternalServerError, reasonFault)
		return
	}
	reply := complete(result.Reply, e.Kind)
	if result.Outcome != Accepted {
		w.Header().Set(DuplicateHeader, "true")
		if isJSON(reply.ContentType) && isSuccess(reply) || !isJSON(reply.ContentType) && acceptsJSON(r.Header["Accept"]) {
			reply = Reply{Status: http.StatusOK, ContentType: jsonType, Body: []byte(jsonDuplicate)}
		}
	}
	write(w, reply.Status, reply.ContentType, reply.Body)
}

// isRefusal says whether err is the sender's fault. A refusal with another status is a fault of the program.
func isRefusal(err error, refusal **Refusal) bool {
	return errors.As(err, refusal) && (*refusal).Status >= 400 && (*refusal).Status <= 499
}

// complete fills in what a reply leaves open. Twilio reports an answer without content type as an error (12300), so there
// always is one.
func complete(r Reply, kind Kind) Reply {
	if r.Status == 0 {
		r.Status = http.StatusOK
	}
	twiml := kind == KindVoice || kind == KindGather || kind == KindMessage
	switch {
	case r.ContentType != "" || r.Status == http.StatusNoContent:
	case len(r.Body) > 0 && twiml:
		r.ContentType = twimlType
	case len(r.Body) > 0:
		r.ContentType = http.DetectContentType(r.Body)
	case twiml:
		r.ContentType, r.Body = twimlType, []byte(twimlEmpty)
	default:
		r.ContentType, r.Body = jsonType, []byte(jsonSuccess)
	}
	return r
}

// write sends an answer. Its own error is not one of the webhook: what the answer says is committed.
func write(w http.ResponseWriter, status int, contentType string, body []byte) {
	header := w.Header()
	header.Set("Cache-Control", "no-store")
	if status == http.StatusNoContent || status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	header.Set("Content-Type", contentType)
	header.Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	_, _ = w.Write(body)
}

// isSuccess says whether a JSON reply says nothing but success. Any other is an answer that the sender may need, as a Studio
// flow does, and a duplicate gets it again.
func isSuccess(reply Reply) bool {
	return reply.Status == http.StatusOK && string(reply.Body) == jsonSuccess
}

func isJSON(contentType string) bool {
	mediaType, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(mediaType), jsonType)
}

// acceptsJSON says whether a client asks for JSON by name. Twilio sends "Accept: */*", and expects TwiML.
func acceptsJSON(accept []string) bool {
	for _, field := range accept {
		for part := range strings.SplitSeq(field, ",") {
			if isJSON(part) && !unwanted(part) {
				return true
			}
		}
	}
	return false
}

// unwanted says whether a media range has the weight 0, which means "not this".
func unwanted(mediaRange string) bool {
	_, parameters, _ := strings.Cut(mediaRange, ";")
	for p := range strings.SplitSeq(parameters, ";") {
		name, value, _ := strings.Cut(p, "=")
		if strings.EqualFold(strings.TrimSpace(name), "q") {
			weight, err := strconv.ParseFloat(strings.TrimSpace(value), 64)
			return err == nil && weight == 0
		}
	}
	return false
}
