package web

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/netip"
	"sync"

	"github.com/coder/websocket"
	"github.com/pion/stun/v4"

	"github.com/parleyrtc/webrtc"

	"github.com/parleyrtc/webrtc/examples/internal/codecs"
	"github.com/parleyrtc/webrtc/examples/internal/diagram"
	"github.com/parleyrtc/webrtc/examples/internal/peer"
	"github.com/parleyrtc/webrtc/examples/internal/turnserver"
)

const (
	// maxMessage bounds what the WebSocket takes: descriptions are the largest.
	maxMessage = 256 << 10
	// queueLength is how many messages wait for the WebSocket. What the diagram
	// shows is dropped when they are more; signaling then ends the session.
	queueLength = 512
	// maxTransfers is how many files can be on their way, both ways together.
	maxTransfers = 8
)

// A session is one browser: a WebSocket and the peer that it connects to.
type session struct {
	server *Server
	conn   *websocket.Conn
	stun   *turnserver.Server
	log    *diagram.Log
	peer   *peer.Peer
	files  *store
	call   *call
	// statistics are there from the start.
	statistics *statistics
	// transfers holds a value for each file on its way.
	transfers chan struct{}

	ctx    context.Context // ends with the session
	cancel context.CancelCauseFunc
	out    chan []byte        // what the WebSocket is to send
	in     chan webrtc.Signal // what it has brought

	mu      sync.Mutex // guards all below
	sockets map[netip.AddrPort]bool
	// chatChannel is nil before the browser has opened it.
	chatChannel *webrtc.DataChannel
}

// request is what the page sends on the WebSocket.
type request struct {
	Signal     *webrtc.Signal `json:"signal"`
	Do         string         `json:"do"`
	Statistics *report        `json:"statistics"`
}

// reply is what it receives; one member is there.
type reply struct {
	Hello        *hello          `json:"hello,omitempty"`
	Signal       *webrtc.Signal  `json:"signal,omitempty"`
	Event        *diagram.Event  `json:"event,omitempty"`
	Descriptions *descriptions   `json:"descriptions,omitempty"`
	Recording    *recordingState `json:"recording,omitempty"`
	Error        string          `json:"error,omitempty"`
}

// hello tells the page what it has to know before it can connect.
type hello struct {
	STUN    string `json:"stun"`
	MaxFile int64  `json:"maxFile"`
	// Plots is the address of the charts, without their names.
	Plots string `json:"plots"`
	// At is the time in the diagram, in milliseconds.
	At float64 `json:"at"`
}

// descriptions are the peer's signaling state and its six descriptions.
type descriptions struct {
	Signaling     string                     `json:"signaling"`
	CurrentLocal  *webrtc.SessionDescription `json:"currentLocal"`
	CurrentRemote *webrtc.SessionDescription `json:"currentRemote"`
	PendingLocal  *webrtc.SessionDescription `json:"pendingLocal"`
	PendingRemote *webrtc.SessionDescription `json:"pendingRemote"`
	Local         *webrtc.SessionDescription `json:"local"`
	Remote        *webrtc.SessionDescription `json:"remote"`
}

// serveSession is the life of a session.
func (s *Server) serveSession(w http.ResponseWriter, r *http.Request) {
	one := &session{
		server: s, files: &store{limit: MaxFile},
		out: make(chan []byte, queueLength), in: make(chan webrtc.Signal, queueLength),
		transfers:  make(chan struct{}, maxTransfers),
		sockets:    map[netip.AddrPort]bool{},
		statistics: newStatistics(),
	}
	one.call = newCall(one)
	one.ctx, one.cancel = context.WithCancelCause(r.Context())
	defer one.cancel(nil)
	if !s.begin(one) {
		http.Error(w, "too many browsers are connected", http.StatusServiceUnavailable)
		return
	}
	defer s.end(one)
	conn, err := websocket.Accept(w, r, nil) // refuses pages of another origin
	if err != nil {
		return // Accept has answered
	}
	conn.SetReadLimit(maxMessage)
	one.conn = conn
	s.logf("browser connected from %s", r.RemoteAddr)
	err = one.run()
	switch websocket.CloseStatus(err) {
	case websocket.StatusGoingAway, websocket.StatusNormalClosure:
		s.logf("browser left")
	default:
		s.logf("browser left: %v", err)
	}
	_ = conn.Close(websocket.StatusNormalClosure, "")
}

// run returns when the browser has left or something fails.
func (s *session) run() error {
	s.log = diagram.NewLog(func(e diagram.Event) { s.tell(reply{Event: &e}) })
	defer s.log.Stop()
	var err error
	if s.stun, err = turnserver.Listen(turnserver.Config{UDP: "127.0.0.1:0", Observer: s.asked}); err != nil {
		return err
	}
	defer s.stun.Close()
	engine, err := codecs.MediaEngine()
	if err != nil {
		return err
	}
	s.peer, err = peer.New(peer.Config{
		Party:          diagram.PeerB,
		Polite:         true,
		Signal:         channel{s},
		ICEServers:     []webrtc.ICEServer{{URLs: s.stun.URLs("")}},
		MediaEngine:    engine,
		Log:            s.log,
		BothWays:       true,
		OnSocket:       s.ownSocket,
		OnDescriptions: s.describe,
	})
	if err != nil {
		return err
	}
	defer s.peer.Close()
	defer s.call.stopRecording()
	s.peer.OnDataChannel(s.accept)
	s.peer.OnTrackEvent(s.call.announced)
	s.peer.OnTrack(s.call.forward)
	s.tell(reply{Hello: &hello{
		STUN: s.stun.URLs("")[0], MaxFile: MaxFile, Plots: "plot/" + s.statistics.token + "/",
		At: float64(s.log.Now().Microseconds()) / 1000,
	}})

	var running sync.WaitGroup
	defer running.Wait()
	running.Go(func() { s.cancel(s.read()) })
	running.Go(func() { s.cancel(s.write()) })
	running.Go(func() { s.cancel(s.peer.Run(s.ctx)) })
	running.Go(func() { s.statistics.count(s.ctx, s.call) })
	<-s.ctx.Done()
	return context.Cause(s.ctx)
}

// read takes what the page sends.
func (s *session) read() error {
	for {
		_, data, err := s.conn.Read(s.ctx)
		if err != nil {
			return err
		}
		var r request
		if err := json.Unmarshal(data, &r); err != nil {
			return fmt.Errorf("a message of the page's: %w", err)
		}
		if r.Signal != nil {
			select {
			case s.in <- *r.Signal:
			default:
				return errors.New("the page sends faster than anyone would signal")
			}
		}
		if r.Do != "" {
			s.do(r.Do)
		}
		if r.Statistics != nil {
			s.statistics.told(*r.Statistics)
		}
	}
}

// do is a button of the page's.
func (s *session) do(what string) {
	var err error
	switch what {
	case "restart-ice":
		s.log.Note(diagram.PeerB, diagram.KindState, "RestartICE()")
		s.peer.RestartICE()
	case "record":
		err = s.call.startRecording()
	case "stop-recording":
		s.call.stopRecording()
	default:
		err = fmt.Errorf("%q is nothing that can be done", what)
	}
	if err != nil {
		s.tell(reply{Error: err.Error()})
	}
}

// write sends what waits.
func (s *session) write() error {
	for {
		select {
		case data := <-s.out:
			if err := s.conn.Write(s.ctx, websocket.MessageText, data); err != nil {
				return err
			}
		case <-s.ctx.Done():
			return s.ctx.Err()
		}
	}
}

// tell queues a message for the page. It reports false if too many wait.
func (s *session) tell(r reply) bool {
	data, err := json.Marshal(r)
	if err != nil {
		return false
	}
	select {
	case s.out <- data:
		return true
	default:
		return false
	}
}

// describe sends the page the peer's descriptions.
func (s *session) describe(pc *webrtc.PeerConnection) {
	s.tell(reply{Descriptions: &descriptions{
		Signaling:     pc.SignalingState().String(),
		CurrentLocal:  pc.CurrentLocalDescription(),
		CurrentRemote: pc.CurrentRemoteDescription(),
		PendingLocal:  pc.PendingLocalDescription(),
		PendingRemote: pc.PendingRemoteDescription(),
		Local:         pc.LocalDescription(),
		Remote:        pc.RemoteDescription(),
	}})
}

func (s *session) ownSocket(address netip.AddrPort) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.sockets[address] = true
}

// asked draws what the session's STUN server is asked: by the peer, or by the
// browser, whose sockets nobody here knows.
func (s *session) asked(m turnserver.Message) {
	party := diagram.PeerA
	s.mu.Lock()
	if s.sockets[m.Client] {
		party = diagram.PeerB
	}
	s.mu.Unlock()
	switch m.Type {
	case stun.BindingRequest:
		s.log.Arrow(party, diagram.STUN, diagram.KindSTUN, "who am I?")
	case stun.BindingSuccess:
		s.log.Arrow(diagram.STUN, party, diagram.KindSTUN, fmt.Sprintf("you are %s", m.Mapped))
	}
}

// channel is the session's WebSocket as a signal channel.
type channel struct{ *session }

// Send queues a message for the browser.
func (c channel) Send(_ context.Context, m webrtc.Signal) error {
	if !c.tell(reply{Signal: &m}) {
		return errors.New("the browser does not take what is signaled")
	}
	return nil
}

// Receive waits for a message of the browser's.
func (c channel) Receive(ctx context.Context) (webrtc.Signal, error) {
	select {
	case m := <-c.in:
		return m, nil
	case <-c.ctx.Done():
		return webrtc.Signal{}, io.EOF
	case <-ctx.Done():
		return webrtc.Signal{}, ctx.Err()
	}
}
