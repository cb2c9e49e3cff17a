package com.example.spring;

import static com.example.record.Recorder.record;

import org.aspectj.lang.ProceedingJoinPoint;
import org.aspectj.lang.annotation.Around;
import org.aspectj.lang.annotation.Aspect;
import org.springframework.context.annotation.AnnotationConfigApplicationContext;
import org.springframework.context.annotation.Bean;
import org.springframework.context.annotation.Configuration;
import org.springframework.context.annotation.EnableAspectJAutoProxy;

/** Beans behind proxies, and beans that cannot be made. */
public final class Run {
    // @added

    /** A service that a proxy stands before. */
    public static class Shipping {
        public String send(int number) {
            throw new IllegalStateException("parcel " + number + " is lost");
        }

        public String back(int number) {
            throw new IllegalStateException("parcel " + number + " is lost");
        }
    }

    /** Counts calls. */
    @Aspect
    public static class Counting {
        @Around("execution(* com.example.spring.Run.Shipping.*(..))")
        public Object count(ProceedingJoinPoint point) throws Throwable {
            return point.proceed();
        }
    }

    /** The beans. */
    @Configuration
    @EnableAspectJAutoProxy
    public static class Beans {
        @Bean Shipping shipping() {
            return new Shipping();
        }

        @Bean Counting counting() {
            return new Counting();
        }
    }

    /** A bean without its setting. */
    @Configuration
    public static class WithoutPort {
        @Bean Integer port() {
            return Integer.parseInt("port");
        }
    }

    /** A bean without its setting. */
    @Configuration
    public static class WithoutHost {
        @Bean Integer host() {
            return "".charAt(0) + 1;
        }
    }

    public static void main(String[] arguments) {
        int n = Integer.parseInt(arguments[0]);
        Shipping shipping = new AnnotationConfigApplicationContext(Beans.class).getBean(Shipping.class);
        record("send", () -> shipping.send(n));
        record("back", () -> shipping.back(n));
        record("without_port", () -> new AnnotationConfigApplicationContext(WithoutPort.class));
        record("without_host", () -> new AnnotationConfigApplicationContext(WithoutHost.class));
    }
}
