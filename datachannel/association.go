package datachannel

import "github.com/parleyrtc/webrtc/internal/sctptransport"

// Association is what a session needs of an SCTP association. The methods of
// *sctptransport.Association say what each does; SCTP makes one of it.
type Association interface {
	OpenStream(id uint16) (Stream, error)
	Start(accept func(Stream), ended func(error))
	Room() int
	WantRoom()
	OnRoom(func())
	Abort(reason string)
}

// Stream is what a channel needs of a stream of an association; the methods of
// *sctptransport.Stream say what each does. Equal values are the same stream.
type Stream interface {
	ID() uint16
	SetReliability(unordered bool, r sctptransport.Reliability, limit uint32)
	Send(ppid sctptransport.PPID, data []byte) error
	OnReadable(func())
	Receive(p []byte) (n int, ppid sctptransport.PPID, err error)
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

func (a sctp) Start(accept func(Stream), ended func(error)) {
	a.Association.Start(func(s *sctptransport.Stream) { accept(s) }, ended)
}
