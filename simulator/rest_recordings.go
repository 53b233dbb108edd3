package simulator

import (
	"bytes"
	"cmp"
	"hash/crc32"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/i-agent/iagent/simulator/internal/audio"
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
	answer(w, http.StatusCreated, rec.ofCall())
}

// updateRecording answers POST Calls/{CA}/Recordings/{RE}.json: it pauses a recording, goes on with it or stops it. A pause is
// silence in the file, or left out of it with PauseBehavior=skip (Twilio: Recordings resource).
func (s *Simulator) updateRecording(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.recordingOf(w, r)
	if rec == nil {
		return
	}
	status, pause := r.PostForm.Get("Status"), r.PostForm.Get("PauseBehavior")
	switch {
	case status != "paused" && status != "in-progress" && status != "stopped":
		refuse(w, http.StatusBadRequest, 20001, "Status must be paused, in-progress or stopped")
		return
	case pause != "" && pause != "skip" && pause != "silence":
		refuse(w, http.StatusBadRequest, 20001, "PauseBehavior must be skip or silence")
		return
	case !rec.ended.IsZero(), status == "paused" && rec.status != "in-progress", status == "in-progress" && rec.status != "paused":
		refuse(w, http.StatusBadRequest, 21220, "Requested resource is not eligible for a change to "+status)
		return
	case status == "paused":
		rec.pauseLocked(pause == "skip")
	case status == "in-progress":
		rec.resumeLocked()
	default:
		rec.stopLocked()
	}
	body := rec.ofCall()
	body["status"] = status
	answer(w, http.StatusOK, body)
}

// listRecordings answers the lists of a call and, without one in the path, of the account: newest first. The account's has
// those that were deleted, too, if IncludeSoftDeleted asks for them.
func (s *Simulator) listRecordings(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	calls, q := s.calls, r.URL.Query()
	show := (*recording).ofAccount
	if r.PathValue("call") != "" {
		c := s.callOf(w, r)
		if c == nil {
			return
		}
		calls, show = []*call{c}, (*recording).ofCall
	}
	var found []map[string]any
	for _, c := range slices.Backward(calls) {
		for _, rec := range slices.Backward(c.recordings) {
			switch {
			case rec.status == "deleted" && !s.softDeleted(r, rec):
			case q.Get("CallSid") != "" && q.Get("CallSid") != c.sid, q.Get("ConferenceSid") != "", !within(q, "DateCreated", rec.started):
			default:
				found = append(found, show(rec))
			}
		}
	}
	answer(w, http.StatusOK, page(r, "recordings", found))
}

// keptDeleted is how long the metadata of a deleted recording can still be had (Twilio: Recordings resource).
const keptDeleted = 40 * 24 * time.Hour

// softDeleted says whether the request may see a recording that was deleted: for a while, without its media, if it asks the
// account and not the call.
func (s *Simulator) softDeleted(r *http.Request, rec *recording) bool {
	asked, _ := strconv.ParseBool(r.URL.Query().Get("IncludeSoftDeleted"))
	return asked && r.PathValue("call") == "" && s.config.Now().Sub(rec.deleted) < keptDeleted
}

// fetchRecording answers both the metadata (.json) and the media (.wav, .mp3, or no extension, which is WAV).
func (s *Simulator) fetchRecording(w http.ResponseWriter, r *http.Request) {
	_, extension := sidOf(r.PathValue("recording"))
	file, ok := s.openRecording(w, r, extension)
	if !ok {
		return
	}
	var media []byte
	if extension == "mp3" {
		w.Header().Set("Content-Type", "audio/mpeg")
		media = file.MP3()
	} else {
		w.Header().Set("Content-Type", "audio/x-wav")
		media = file.WAV()
	}
	// A part of it, if the request has a Range. Twilio's documentation is silent on that.
	sum := crc32.ChecksumIEEE(media)
	w.Header().Set("ETag", `"`+strconv.FormatUint(uint64(sum), 16)+`"`)
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(media))
}

// openRecording answers all requests that need no media, and otherwise returns what the media is made of. There is media once
// the recording is completed, with as many channels as RequestedChannels asks for (400 if there are not so many), else
// with those of the recording (Twilio: changelog of 2022-05-25, dual-channel recordings by default).
func (s *Simulator) openRecording(w http.ResponseWriter, r *http.Request, extension string) (audio.File, bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	rec := s.recordingOf(w, r)
	switch {
	case rec == nil:
	case extension == "json" && r.PathValue("call") != "":
		answer(w, http.StatusOK, rec.ofCall())
	case extension == "json":
		answer(w, http.StatusOK, rec.ofAccount())
	case rec.status != "completed", extension != "" && extension != "wav" && extension != "mp3":
		refuseUnknown(w, r)
	case rec.late > 0:
		rec.late--
		s.counts[FaultMediaLate]++
		refuseUnknown(w, r)
	default:
		asked := cmp.Or(r.URL.Query().Get("RequestedChannels"), strconv.Itoa(rec.order.channels))
		if n, err := strconv.Atoi(asked); err == nil && n >= 1 && n <= rec.order.channels {
			return rec.file(n), true
		}
		refuse(w, http.StatusBadRequest, 20001, "RequestedChannels="+asked+" is not available for this recording")
	}
	return audio.File{}, false
}

// deleteRecording answers DELETE Recordings/{RE}.json, of the account or of a call: 204, and from then on 404 for all of it but
// the metadata, see [Simulator.softDeleted].
func (s *Simulator) deleteRecording(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if rec := s.recordingOf(w, r); rec != nil {
		rec.status, rec.deleted = "deleted", s.config.Now()
		w.WriteHeader(http.StatusNoContent)
	}
}

// recordingOf finds the recording that the path names, or refuses with 404. Below a call, Twilio.CURRENT is the one that runs.
func (s *Simulator) recordingOf(w http.ResponseWriter, r *http.Request) *recording {
	sid, extension := sidOf(r.PathValue("recording"))
	rec := s.recordings[sid]
	if call, _ := sidOf(r.PathValue("call")); call != "" {
		c := s.bySid[call]
		switch {
		case c == nil || c.deleted || rec != nil && rec.call != c:
			rec = nil
		case sid == "Twilio" && strings.HasPrefix(extension, "CURRENT"):
			for _, running := range c.recordings {
				if running.ended.IsZero() && running.status != "deleted" {
					rec = running
				}
			}
		}
	}
	reading := r.Method == http.MethodGet && extension == "json"
	if rec == nil || rec.status == "deleted" && !(reading && s.softDeleted(r, rec)) {
		refuseUnknown(w, r)
		return nil
	}
	return rec
}

// ofCall is the recording as the REST API shows it below its call; the caller holds mu.
func (r *recording) ofCall() map[string]any {
	return r.resource("/Calls/"+r.call.sid, map[string]any{"track": r.order.track})
}

// ofAccount is the recording as the REST API shows it below the account: with other properties. The caller holds mu.
func (r *recording) ofAccount() map[string]any {
	account := "/" + apiVersion + "/Accounts/" + r.call.sim.config.AccountSid
	return r.resource("", map[string]any{"media_url": r.mediaURL(),
		"subresource_uris": map[string]string{"call": account + "/Calls/" + r.call.sid + ".json"}})
}

// resource is what both have in common, and more. There is no status failed in it, whatever a callback said.
func (r *recording) resource(below string, more map[string]any) map[string]any {
	account := "/" + apiVersion + "/Accounts/" + r.call.sim.config.AccountSid
	res := map[string]any{
		"sid": r.sid, "account_sid": r.call.sim.config.AccountSid, "api_version": apiVersion,
		"call_sid": r.call.sid, "conference_sid": nil, "status": r.status, "channels": r.order.channels,
		"source": r.order.source, "duration": nil, "start_time": rfc2822(r.started),
		"date_created": rfc2822(r.started), "date_updated": rfc2822(later(r.started, r.ended)),
		"price": nil, "price_unit": "USD", "error_code": nil, "encryption_details": nil,
		"uri": account + below + "/Recordings/" + r.sid + ".json",
	}
	if r.status == "failed" {
		res["status"] = "absent"
	}
	if !r.ended.IsZero() {
		res["duration"] = strconv.Itoa(r.seconds())
	}
	for name, value := range more {
		res[name] = value
	}
	return res
}
