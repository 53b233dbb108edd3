package simulator

import (
	"cmp"
	"net/http"
	"slices"
	"strconv"
)

// createRecording answers POST Calls/{CA}/Recordings.json: it records a call in progress from now on, on one
// channel unless asked otherwise (Twilio: Recordings resource).
func (s *Simulator) createRecording(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	c := s.callOf(w, r)
	if c == nil {
		return
	}
	if c.status != "in-progress" {
		refuse(w, http.StatusBadRequest, 21220, "Requested resource is not eligible for recording")
		return
	}
	p := r.PostForm
	rec := c.startRecordingLocked(recordingOrder{source: "StartCallRecordingAPI", channels: channelCount(p.Get("RecordingChannels")),
		track: p.Get("RecordingTrack"), callback: p.Get("RecordingStatusCallback"),
		method: orPost(p.Get("RecordingStatusCallbackMethod")), events: slices.Clone(p["RecordingStatusCallbackEvent"])})
	answer(w, http.StatusCreated, rec.resource())
}

// updateRecording answers POST Calls/{CA}/Recordings/{RE}.json, of which only Status=stopped is played.
func (s *Simulator) updateRecording(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.recordingOf(w, r)
	switch {
	case rec == nil:
	case r.PostForm.Get("Status") != "stopped":
		refuse(w, http.StatusBadRequest, 20001, "The simulator knows no other Status of a recording than stopped")
	case !rec.ended.IsZero():
		refuse(w, http.StatusBadRequest, 21220, "The recording is not in progress")
	default:
		rec.stopLocked()
		body := rec.resource()
		body["status"] = "stopped"
		answer(w, http.StatusOK, body)
	}
}

// listRecordings answers the lists of a call and, without one in the path, of the account: newest first.
func (s *Simulator) listRecordings(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls := s.calls
	if r.PathValue("call") != "" {
		c := s.callOf(w, r)
		if c == nil {
			return
		}
		calls = []*call{c}
	}
	want := r.URL.Query().Get("CallSid")
	var found []map[string]any
	for _, c := range slices.Backward(calls) {
		for _, rec := range slices.Backward(c.recordings) {
			if rec.status != "deleted" && (want == "" || want == c.sid) {
				found = append(found, rec.resource())
			}
		}
	}
	answer(w, http.StatusOK, page(r, "recordings", found))
}

// fetchRecording answers both the metadata (.json) and the media (.wav, .mp3, or no extension, which is WAV).
func (s *Simulator) fetchRecording(w http.ResponseWriter, r *http.Request) {
	_, extension := sidOf(r.PathValue("recording"))
	t, ok := s.openRecording(w, r, extension)
	if !ok {
		return
	}
	var media []byte
	if extension == "mp3" {
		w.Header().Set("Content-Type", "audio/mpeg")
		media = t.mp3()
	} else {
		w.Header().Set("Content-Type", "audio/x-wav")
		media = t.wav()
	}
	w.Header().Set("Content-Length", strconv.Itoa(len(media)))
	_, _ = w.Write(media)
}

// openRecording answers all that needs no media, and otherwise says what the media is made of. There is media once
// the recording is completed, with as many channels as RequestedChannels asks for (400 if there are not so many), else
// with those of the recording (Twilio: changelog of 2022-05-25, dual-channel recordings by default).
func (s *Simulator) openRecording(w http.ResponseWriter, r *http.Request, extension string) (tape, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.recordingOf(w, r)
	switch {
	case rec == nil:
	case extension == "json":
		answer(w, http.StatusOK, rec.resource())
	case rec.status != "completed", extension != "" && extension != "wav" && extension != "mp3":
		refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
	case rec.late > 0:
		rec.late--
		s.counts[FaultMediaLate]++
		refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
	default:
		asked := cmp.Or(r.URL.Query().Get("RequestedChannels"), strconv.Itoa(rec.order.channels))
		if n, err := strconv.Atoi(asked); err == nil && n >= 1 && n <= rec.order.channels {
			return rec.tape(n), true
		}
		refuse(w, http.StatusBadRequest, 20001, "RequestedChannels="+asked+" is not available for this recording")
	}
	return tape{}, false
}

// deleteRecording answers DELETE Recordings/{RE}.json: 204, and from then on 404 for all of it.
func (s *Simulator) deleteRecording(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rec := s.recordingOf(w, r); rec != nil {
		rec.status = "deleted"
		w.WriteHeader(http.StatusNoContent)
	}
}

// recordingOf finds the recording that the path names, or refuses with 404.
func (s *Simulator) recordingOf(w http.ResponseWriter, r *http.Request) *recording {
	sid, _ := sidOf(r.PathValue("recording"))
	rec := s.recordings[sid]
	if call, _ := sidOf(r.PathValue("call")); rec != nil && call != "" && call != rec.call.sid {
		rec = nil
	}
	if rec == nil || rec.status == "deleted" {
		refuse(w, http.StatusNotFound, 20404, "The requested resource "+r.URL.Path+" was not found")
		return nil
	}
	return rec
}

// resource is the recording as the REST API shows it; the caller holds mu.
func (r *recording) resource() map[string]any {
	account := "/" + apiVersion + "/Accounts/" + r.call.sim.config.AccountSid
	res := map[string]any{
		"sid": r.sid, "account_sid": r.call.sim.config.AccountSid, "api_version": apiVersion,
		"call_sid": r.call.sid, "conference_sid": nil, "status": r.status, "channels": r.order.channels,
		"source": r.order.source, "track": r.order.track, "duration": nil, "start_time": rfc2822(r.started),
		"date_created": rfc2822(r.started), "date_updated": rfc2822(later(r.started, r.ended)),
		"price": nil, "price_unit": "USD", "error_code": nil, "encryption_details": nil,
		"media_url": r.mediaURL(), "uri": account + "/Recordings/" + r.sid + ".json",
		"subresource_uris": map[string]string{"call": account + "/Calls/" + r.call.sid + ".json"},
	}
	if !r.ended.IsZero() {
		res["duration"] = strconv.Itoa(r.seconds())
	}
	return res
}
