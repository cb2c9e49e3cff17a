package com.example.logback;

import ch.qos.logback.classic.Level;
import ch.qos.logback.classic.Logger;
import ch.qos.logback.classic.LoggerContext;
import ch.qos.logback.classic.PatternLayout;
import ch.qos.logback.classic.spi.LoggingEvent;
import com.example.record.Recorder;

/** One exception as Logback writes it: as it is, with the jar of each class, root cause first. */
public final class Run {
    // @added

    static int port(String port) {
        try {
            return Integer.parseInt(port);
        } catch (NumberFormatException error) {
            throw new IllegalStateException("no port", error);
        }
    }

    static int host(String host) {
        try {
            return host.charAt(0);
        } catch (StringIndexOutOfBoundsException error) {
            throw new IllegalStateException("no port", error);
        }
    }

    public static void main(String[] arguments) {
        for (String word : new String[] {"ex", "xEx", "rEx"}) {
            try {
                port("p" + arguments[0]);
            } catch (IllegalStateException error) {
                print("port_" + word, word, error);
            }
            try {
                host("");
            } catch (IllegalStateException error) {
                print("host_" + word, word, error);
            }
        }
    }

    private static void print(String name, String word, Throwable error) {
        LoggerContext context = new LoggerContext();
        context.setPackagingDataEnabled(true);
        PatternLayout layout = new PatternLayout();
        layout.setContext(context);
        layout.setPattern("%" + word);
        layout.start();
        Logger logger = context.getLogger("shop");
        String text = layout.doLayout(new LoggingEvent("", logger, Level.ERROR, "", error, null));
        Recorder.line(name, error.getClass().getName(), error.getMessage(), text);
    }
}
