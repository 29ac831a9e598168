package datachannel

import "github.com/parleyrtc/webrtc/internal/sctptransport"

// Association is what a session needs of an SCTP association. The methods of
// *sctptransport.Association say what each does; SCTP makes one of it. The error
// of AcceptStream matches sctptransport.ErrClosed after Abort.
type Association interface {
	OpenStream(id uint16) (Stream, error)
	AcceptStream() (Stream, error)
	Room() int
	WantRoom()
	OnRoom(func())
	Abort(reason string)
}

// Stream is what a channel needs of a stream of an association; the methods of
// sctptransport.Stream say what each does. Equal values are the same stream.
type Stream interface {
	ID() uint16
	SetReliability(unordered bool, r sctptransport.Reliability, limit uint32)
	Send(ppid sctptransport.PPID, data []byte) error
	Receive(p []byte) (n int, ppid sctptransport.PPID, err error)
	Reading() (stop func())
	Unacknowledged() int
	Reset(done func())
}

// SCTP returns a as the Association of a session.
func SCTP(a *sctptransport.Association) Association { return sctp{a} }

type sctp struct{ *sctptransport.Association }

func (a sctp) OpenStream(id uint16) (Stream, error) {
	s, err := a.Association.OpenStream(id)
	if err != nil {
		return nil, err
	}
	return s, nil
}

func (a sctp) AcceptStream() (Stream, error) {
	s, err := a.Association.AcceptStream()
	if err != nil {
		return nil, err
	}
	return s, nil
}
