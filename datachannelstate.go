package webrtc

import "github.com/parleyrtc/webrtc/datachannel"

// DataChannelState is the state of a data channel (webrtc-pc §6.2,
// RTCDataChannelState).
type DataChannelState int

const (
	// DataChannelStateUnknown is the zero value; no channel is in it.
	DataChannelStateUnknown DataChannelState = iota

	// DataChannelStateConnecting means that the channel waits for its
	// transport, or is not announced yet. It is the initial state.
	DataChannelStateConnecting

	// DataChannelStateOpen means that messages can be sent and received.
	DataChannelStateOpen

	// DataChannelStateClosing means that the channel is being closed: what was
	// queued still leaves, new messages are refused.
	DataChannelStateClosing

	// DataChannelStateClosed means that the channel is closed or never opened.
	DataChannelStateClosed
)

var dataChannelStateNames = []string{unknownName, "connecting", "open", "closing", "closed"}

// String returns W3C's name, such as "open", or "unknown".
func (t DataChannelState) String() string { return nameOf(dataChannelStateNames, t) }

// MarshalText returns the state's name.
func (t DataChannelState) MarshalText() ([]byte, error) { return []byte(t.String()), nil }

// UnmarshalText reads a state's name. Any other text gives
// DataChannelStateUnknown; the error is always nil.
func (t *DataChannelState) UnmarshalText(b []byte) error {
	*t, _ = valueOf[DataChannelState](dataChannelStateNames, string(b))
	return nil
}

func dataChannelState(s datachannel.State) DataChannelState {
	switch s {
	case datachannel.Connecting:
		return DataChannelStateConnecting
	case datachannel.Open:
		return DataChannelStateOpen
	case datachannel.Closing:
		return DataChannelStateClosing
	default:
		return DataChannelStateClosed
	}
}
