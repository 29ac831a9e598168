package dtlstransport

import (
	"errors"
	"io"

	"github.com/pion/dtls/v3"
)

// runEngine is the rest of the transport's goroutine where the records stay the
// engine's: moving them to Read's queue until the engine ends.
func (t *Transport) runEngine(engine *dtls.Conn) {
	p := t.path
	t.in.mu.Lock()
	p.release()
	t.in.mu.Unlock()
	if t.connected(func() { t.engine = engine }) {
		t.notify(StateConnected, nil)
		t.readAll(engine)
	}
	notified := p.notified()
	_ = engine.Close()
	if notified {
		t.finish(StateClosed, nil)
		return
	}
	// The engine does not tell the number of an alert that came protected.
	t.finish(StateFailed, dtlsFailure(errors.New("the peer ended the session with a fatal alert"), nil, nil))
}

// readAll moves application data from the engine to the queue until the engine
// has ended.
func (t *Transport) readAll(engine *dtls.Conn) {
	buf := make([]byte, t.maxRecord())
	for {
		n, err := engine.Read(buf)
		switch {
		case err == nil:
			if !t.data.push(buf[:n]) {
				t.count.dataFull.Add(1)
			}
		case errors.Is(err, io.EOF):
			return
		default:
			// A warning alert, or a record that is too long: the session goes on
			// (RFC 5246 §7.2.2).
			t.cfg.Logger.Debug("dtls: read", "error", err)
		}
	}
}
