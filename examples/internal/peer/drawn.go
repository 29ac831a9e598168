package peer

import (
	"context"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/diagram"
)

// drawn is a peer's signal channel, each of whose signals is an arrow of the diagram.
type drawn struct{ *Peer }

// Send draws a signal and sends it.
func (d drawn) Send(ctx context.Context, s webrtc.Signal) error {
	d.config.Log.Arrow(d.config.Party, diagram.Signal, diagram.KindSignal, signalText(s))
	d.changed()
	return d.config.Signal.Send(ctx, s)
}

// Receive draws the signal that it returns.
func (d drawn) Receive(ctx context.Context) (webrtc.Signal, error) {
	d.changed() // by the signal before
	s, err := d.config.Signal.Receive(ctx)
	if err == nil {
		d.config.Log.Arrow(diagram.Signal, d.config.Party, diagram.KindSignal, signalText(s))
	}
	return s, err
}

func signalText(s webrtc.Signal) string {
	switch {
	case s.Description != nil:
		return DescriptionText(*s.Description)
	case s.Candidate != nil:
		return CandidateText(*s.Candidate)
	default:
		return "nothing"
	}
}
