package net.servicestack.client;

import java.lang.annotation.*;

@Retention(RetentionPolicy.RUNTIME)
public @interface Route { String Path(); String Verbs() default ""; }
