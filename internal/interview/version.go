package interview

// Version names a version of the webhooks, "v1" and on. It is part of the URLs that Twilio is given for a call. A call keeps the
// version with which it was dialled for as long as it lives: every webhook of the call is decided by that version.
type Version string

const (
	// Unversioned is the version of calls that are not dialled yet, and of those that were dialled when URLs had no version.
	Unversioned Version = ""
	// V1 is the first version. It decides for calls without a version too.
	V1 Version = "v1"
)

// Decides is the version that decides for a call of this version.
func (v Version) Decides() Version {
	if v == Unversioned {
		return V1
	}
	return v
}
