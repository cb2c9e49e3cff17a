package com.example.gifts

import com.example.record.Recorder

// @added
class Gifts {
    List<String> names = ['1', 'one']

    def wrap(int number) { throw new IllegalStateException("gift $number is not wrapped".toString()) }

    def unwrap(int number) { throw new IllegalStateException("gift $number is not wrapped".toString()) }

    def total() { names.collect { Integer.parseInt(it) } }

    def most() { names.collect { Integer.parseInt(it) }.max() }

    def each(int number) { names.each { name -> [number].each { wrap(it) } } }

    def missing() { names.sise() }
}

class Run {
    static void main(String[] arguments) {
        int n = arguments[0] as int
        def gifts = new Gifts()
        Recorder.record('wrap') { gifts.wrap(n) }
        Recorder.record('unwrap') { gifts.unwrap(n) }
        Recorder.record('total') { gifts.total() }
        Recorder.record('most') { gifts.most() }
        Recorder.record('each') { gifts.each(n) }
        Recorder.record('missing') { gifts.missing() }
    }
}
