package ice

import "fmt"

// GatheringState says how far the gathering of candidates is (webrtc-pc
// §5.6.3).
type GatheringState int

const (
	// GatheringStateUnknown is the zero value; no gatherer is in it.
	GatheringStateUnknown GatheringState = iota
	// GatheringStateNew means that nothing was gathered yet.
	GatheringStateNew
	// GatheringStateGathering means that candidates may still be found.
	GatheringStateGathering
	// GatheringStateComplete means that all candidates of this generation have
	// been found.
	GatheringStateComplete
)

// String returns new, gathering or complete.
func (t GatheringState) String() string {
	switch t {
	case GatheringStateNew:
		return "new"
	case GatheringStateGathering:
		return "gathering"
	case GatheringStateComplete:
		return "complete"
	}
	return fmt.Sprintf("unknown gathering state %d", int(t))
}
