package webrtc

// ICEGathererState says how far an ICEGatherer has come. It is W3C's
// RTCIceGathererState (webrtc-pc §5.6.3) with ORTC's closed state.
type ICEGathererState uint32

const (
	// ICEGathererStateUnknown is the zero value; no gatherer is in it.
	ICEGathererStateUnknown ICEGathererState = iota

	// ICEGathererStateNew means that Gather was not called yet.
	ICEGathererStateNew

	// ICEGathererStateGathering means that candidates are being gathered.
	ICEGathererStateGathering

	// ICEGathererStateComplete means that all candidates are known.
	ICEGathererStateComplete

	// ICEGathererStateClosed means that the gatherer was closed.
	ICEGathererStateClosed
)

var iceGathererStateNames = []string{unknownName, "new", "gathering", "complete", "closed"}

// String returns the state's name, such as "gathering", or "unknown".
func (s ICEGathererState) String() string { return nameOf(iceGathererStateNames, s) }
