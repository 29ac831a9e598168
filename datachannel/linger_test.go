package datachannel

import (
	"io"
	"testing"
	"testing/synctest"
	"time"
)

// lingeringInbox is an inbox whose handler counts messages.
func lingeringInbox(handled *int) *inbox {
	b := &inbox{limit: 1 << 20, session: &Session{}, set: true, announced: true, drops: func() {}}
	b.events = &Events{OnMessage: func([]byte, bool) { *handled++ }}
	return b
}

// put hands b a message, and returns whether somebody waits for more once it is handled.
func put(b *inbox) (waits bool) {
	b.mu.Lock()
	b.enqueue(message{data: []byte("hello")})
	b.kick()
	b.mu.Unlock()
	synctest.Wait()
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.lingerer.there
}

// The goroutine that has handled a message handles those that follow, and ends when
// none has come for a while. A goroutine that is left would fail the bubble.
func TestLingering(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		handled := 0
		b := lingeringInbox(&handled)
		const messages = 20
		for range messages {
			if !put(b) {
				t.Fatal("nobody waits after a message")
			}
			time.Sleep(lingering / 2)
		}
		if handled != messages {
			t.Errorf("%d messages handled, want %d", handled, messages)
		}
		time.Sleep(2 * lingering)
		synctest.Wait()
		if b.lingerer.there || b.lingerer.armed {
			t.Errorf("%v after the last message: %+v", 2*lingering, b.lingerer)
		}
		if !put(b) {
			t.Error("nobody waits after a message that came later")
		}
		time.Sleep(2 * lingering)
	})
}

// Nobody waits for messages after the end, nor after an event of the channel's life.
func TestNoLingering(t *testing.T) {
	for name, end := range map[string]func(*inbox){
		"the peer closes":  func(b *inbox) { b.finish(io.EOF, false) },
		"the session ends": func(b *inbox) { b.session.silent.Store(true); b.silence(errSessionClosed) },
	} {
		synctest.Test(t, func(t *testing.T) {
			handled := 0
			b := lingeringInbox(&handled)
			put(b)
			end(b)
			synctest.Wait()
			if b.lingerer.there {
				t.Errorf("%s: somebody waits", name)
			}
		})
	}
	synctest.Test(t, func(t *testing.T) {
		handled := 0
		b := lingeringInbox(&handled)
		b.post(func(e *Events) { call(e.OnClosing) })
		synctest.Wait()
		if b.lingerer.there {
			t.Error("somebody waits after an event")
		}
	})
}
